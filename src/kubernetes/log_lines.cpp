#include "kubernetes/log_lines.hpp"

#include <tuple>

#include "base/calendar.hpp"

namespace cordyna::kubernetes {

std::string LogReading::since() const {
  return told_.seconds == 0 ? std::string() : seconds_text(told_.seconds * 1000);
}

std::optional<TimedLine> LogReading::take(std::string_view line) {
  const std::size_t blank = line.find(' ');
  const std::optional<Instant> at = parse_instant(line.substr(0, blank));
  std::string_view text = line;
  LogPosition next = here_;
  if (at.has_value()) {
    text = blank == std::string_view::npos ? std::string_view() : line.substr(blank + 1);
    next.seconds = at->seconds;
    next.nanos = at->nanos;
  }
  const bool same = next.seconds == here_.seconds && next.nanos == here_.nanos;
  next.same = same ? here_.same + 1 : 1;
  here_ = next;
  const auto order = [](const LogPosition& one) {
    return std::tie(one.seconds, one.nanos, one.same);
  };
  if (order(here_) <= order(told_)) return std::nullopt;
  position_ = here_;
  return TimedLine{here_.seconds * 1000 + here_.nanos / 1'000'000, text};
}

}  // namespace cordyna::kubernetes
