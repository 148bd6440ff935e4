/// The times of a schedule, or of a steady step, within a stretch of time: begin counts, end does
/// not.
///
/// Pure: the same for a plan, for the backfill that follows it, and after a restart. Threads: any.
#pragma once

#include <cstddef>
#include <optional>
#include <utility>
#include <vector>

#include "base/time.hpp"
#include "schedule/catch_up.hpp"
#include "schedule/schedule.hpp"

namespace cordyna::schedule {

class Span {
 public:
  /// `begin` is before `end`.
  Span(Schedule schedule, Millis begin, Millis end)
      : schedule_(std::move(schedule)), begin_(begin), end_(end) {}
  /// Each `every` (above 0) from `begin` on.
  Span(Millis every, Millis begin, Millis end) : every_(every), begin_(begin), end_(end) {}

  /// The first time after `at`; nullopt: none is left. Of each: `interval_from` is the time that is
  /// due before it, be it outside of the span.
  [[nodiscard]] std::optional<Tick> after(Millis at) const;
  /// The last time before `at`.
  [[nodiscard]] std::optional<Tick> before(Millis at) const;
  /// All, ascending; one more than `max` says that there are more.
  [[nodiscard]] std::vector<Tick> all(std::size_t max) const;

 private:
  [[nodiscard]] std::optional<Millis> next(Millis at) const;
  [[nodiscard]] std::optional<Millis> previous(Millis at) const;
  [[nodiscard]] Tick tick(Millis at) const;

  std::optional<Schedule> schedule_;
  Millis every_ = 0;
  Millis begin_;
  Millis end_;
};

}  // namespace cordyna::schedule
