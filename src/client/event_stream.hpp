/// Server-sent events, taken apart as they come (the WHATWG HTML standard, "Server-sent events").
///
/// Pure. Threads: one.
#pragma once

#include <cstddef>
#include <functional>
#include <string>
#include <string_view>

#include "base/result.hpp"

namespace cordyna::client {

struct Event {
  std::string type;  ///< "message" where it has none
  std::string data;
  std::string id;  ///< the newest that was told, of this event or one before

  bool operator==(const Event&) const = default;
};

class EventStream {
 public:
  /// False ends the stream: what comes after it is dropped.
  using Take = std::function<bool(const Event&)>;
  static constexpr std::size_t kEventBytesMax = std::size_t{4} << 20;

  explicit EventStream(Take take) : take_(std::move(take)) {}

  /// Pieces may end anywhere. Errors: kCorrupt: an event larger than kEventBytesMax.
  [[nodiscard]] Result<> feed(std::string_view piece);
  /// Whether somebody wanted no more.
  [[nodiscard]] bool is_over() const { return over_; }

 private:
  void line(std::string_view line);

  Take take_;
  std::string rest_;
  Event event_;
  bool has_data_ = false;
  bool after_cr_ = false;
  bool over_ = false;
};

}  // namespace cordyna::client
