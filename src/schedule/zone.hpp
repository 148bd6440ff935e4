/// Time zones of the machine's database (/usr/share/zoneinfo).
///
/// Reads files when a zone is first looked up. Threads: any.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

#include "base/result.hpp"

namespace date {
class time_zone;
}

namespace cordyna::schedule {

/// A stretch of time in which a zone is as far from UTC all the time. Seconds since 1970 in UTC.
struct Period {
  std::int64_t begin = 0;
  std::int64_t end = 0;     ///< not part of it
  std::int64_t offset = 0;  ///< seconds that local clocks are ahead of UTC
};

class Zone {
 public:
  /// Of a name as "Europe/Berlin"; "UTC" is always there. Errors: kInvalidArgument: no such zone,
  /// with what is like it; kUnavailable: the machine has no database of zones.
  [[nodiscard]] static Result<Zone> find(std::string_view name);
  static Zone utc() { return Zone("UTC", nullptr); }

  [[nodiscard]] Period period_at(std::int64_t utc_seconds) const;
  [[nodiscard]] const std::string& name() const { return name_; }

 private:
  Zone(std::string name, const date::time_zone* zone) : name_(std::move(name)), zone_(zone) {}

  std::string name_;
  const date::time_zone* zone_;  // of the library, which keeps it for ever; null: UTC
};

}  // namespace cordyna::schedule
