/// Cron expressions: which local times they mean. Without time zones (schedule.hpp) and without a
/// clock.
///
///     [second] minute hour day-of-month month day-of-week
///
/// Five fields, or six with seconds in front. A field is a list of *, ?, values, ranges and steps;
/// months and days of the week may be names. 0 and 7 are Sunday. Besides: L, L-3 (the last day of
/// the month, the third before it), LW (its last working day), 15W (the working day nearest to the
/// 15th), MON#2 (the second Monday), 5L (the last Friday). @yearly, @monthly, @weekly, @daily,
/// @hourly and their like. As in Debian's cron: where neither of day-of-month and day-of-week
/// begins with *, either is enough.
///
/// Pure. Threads: any.
#pragma once

#include <bitset>
#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "base/result.hpp"

namespace cordyna::schedule {

/// Seconds since 1970-01-01 00:00 as a clock on the wall shows them, without any zone.
using LocalSeconds = std::int64_t;

class Cron {
 public:
  /// Errors: kInvalidArgument, naming the field, what stands there and what may; also for an
  /// expression that no day ever meets (February 30th).
  [[nodiscard]] static Result<Cron> parse(std::string_view text);

  /// The first local time that is not before `from`; nullopt: none within the years 1900 to 2200.
  [[nodiscard]] std::optional<LocalSeconds> next(LocalSeconds from) const;

  /// Whether minute or hour is every, or every nth: such a thing goes by the time that passes, and
  /// not by the clock on the wall.
  [[nodiscard]] bool is_interval() const { return interval_; }

 private:
  friend class CronParser;
  struct Nth {
    int weekday = 0;  // 0: Sunday
    int nth = 0;      // 1 to 5; -1: the last
  };

  /// Seconds since midnight.
  [[nodiscard]] std::optional<std::int64_t> next_in_day(unsigned hour, unsigned minute,
                                                        unsigned second) const;
  [[nodiscard]] bool day_matches(int year, unsigned month, unsigned day) const;
  [[nodiscard]] bool day_of_month_matches(unsigned day, unsigned last, int first_weekday) const;
  [[nodiscard]] bool day_of_week_matches(unsigned day, unsigned last, int weekday) const;

  std::bitset<60> seconds_;
  std::bitset<60> minutes_;
  std::bitset<24> hours_;
  std::bitset<32> days_;            // 1 to 31
  std::bitset<13> months_;          // 1 to 12
  std::bitset<7> weekdays_;         // 0: Sunday
  std::vector<unsigned> from_end_;  // 0: the last day, 1: the one before
  std::vector<unsigned> nearest_;   // working days nearest to these
  std::vector<Nth> nth_;
  bool last_working_day_ = false;
  bool either_day_ = false;  // day-of-month or day-of-week, else both
  bool interval_ = false;
};

}  // namespace cordyna::schedule
