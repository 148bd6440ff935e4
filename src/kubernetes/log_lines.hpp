/// Lines of a container's output, each with its time in front, told once however often they are
/// read.
///
/// A cluster gives output from a second on; what was told already is left out by its time, and, of
/// lines of the same time, by their number. Pure. Threads: any.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/time.hpp"

namespace cordyna::kubernetes {

/// How far it was told.
struct LogPosition {
  std::int64_t seconds = 0;  ///< since 1970; 0: nothing was told
  std::int64_t nanos = 0;
  std::uint64_t same = 0;  ///< lines of this very time that were told

  bool operator==(const LogPosition&) const = default;
};

struct TimedLine {
  Millis at = 0;  ///< since 1970
  std::string_view text;
};

/// One reading of the output, from `since()` on.
class LogReading {
 public:
  /// Moves `position` along; borrowed.
  explicit LogReading(LogPosition& position) : position_(position), told_(position) {}

  /// What the cluster is to be asked for: RFC 3339; empty: all.
  [[nodiscard]] std::string since() const;
  /// Nullopt: it was told before. A line without a time that can be read has that of the one
  /// before.
  [[nodiscard]] std::optional<TimedLine> take(std::string_view line);

 private:
  LogPosition& position_;
  LogPosition told_;  ///< before this reading
  LogPosition here_;  ///< of the line that was taken last, in this reading
};

}  // namespace cordyna::kubernetes
