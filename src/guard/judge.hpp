/// Judges a measurement by the history of its dataset: is this a burst of data loss, or a holiday?
///
/// Each metric is compared with the median of its good points: those of the same weekday in the
/// last eight weeks where the series is daily and has four of them, else of the last 28 runs. A
/// change alarms if it is larger than the limit says AND larger than 3.5 times the usual spread, so
/// that noisy series do not alarm for ever. With fewer than four good points only a change of 40 %
/// against the last good run counts; with fewer of a weekday that has four weeks, only what trips.
/// Points that alarmed leave the history; a person can put them back (approve), or say that they
/// are a new level. Pure. Threads: any.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "guard/point.hpp"

namespace cordyna::guard {

/// One metric with what it may do. Percent of the expected value; percentage points for "nulls(…)".
struct Watch {
  std::string metric;
  std::optional<double> drop;  ///< trips at so much less; warns at half of it
  std::optional<double> rise;  ///< trips at so much more; warns at half of it
  std::optional<double> min;   ///< trips below, whatever the history says
  std::optional<double> max;   ///< trips above

  bool operator==(const Watch&) const = default;
};

enum class OnTrip : std::uint8_t {
  kAuto,  ///< hold where the series has kGoodForHold good points (a daily one: four of the
          ///< weekday), else warn
  kHold,
  kFail,
  kWarn,
};

enum class Season : std::uint8_t { kAuto, kWeekday, kNone };

struct Policy {
  std::vector<Watch> watch;
  OnTrip on_trip = OnTrip::kAuto;
  Season season = Season::kAuto;
};

inline constexpr std::size_t kGoodForHold = 8;
/// Points that a judgement looks at: the newest.
inline constexpr std::uint32_t kHistoryMax = 400;

enum class Level : std::uint8_t { kOk, kWarn, kTrip };

/// What one metric showed.
struct Finding {
  std::string metric;
  Level level = Level::kOk;
  double value = 0;
  std::optional<double> expected;  ///< the median, or the last good value
  std::optional<double> low;       ///< where it would have tripped
  std::optional<double> high;
  std::string basis;      ///< "median of 8 Mondays"
  std::string text;       ///< for people: what, expected, how much off
  char direction = '-';   ///< '-' or '+'
  bool by_bound = false;  ///< tripped by min or max
  bool seasonal = false;  ///< compared with points of the same weekday
  bool early = false;     ///< a daily series that has no four weeks yet
  std::size_t row = 0;    ///< alarms of this kind in a row, with this one
};

struct Judgement {
  Level level = Level::kOk;         ///< the worst
  std::vector<Finding> findings;    ///< one for each metric that could be judged
  std::vector<std::string> alarms;  ///< as in Point
  bool seasonal = false;            ///< an alarm was by the points of the same weekday
  std::size_t good = 0;             ///< good points before
  bool steps_changed = false;       ///< the flow's own steps are not those of the last good run
  RunNo changed_since = 0;          ///< that run
  bool holds = false;
  bool fails = false;
  std::string reason;  ///< of a hold or failure, or what is warned of; else empty

  [[nodiscard]] PointVerdict verdict() const;
};

/// `now` is judged; `history` has points before it, newest first.
[[nodiscard]] Judgement judge(const Point& now, const std::vector<Point>& history,
                              const Policy& policy, std::string_view series);

/// Columns that usual_watch looks at: what is watched is remembered for each run.
inline constexpr std::size_t kUsualColumnsMax = 100;

/// What is watched where nothing is said: a loss of rows, and more missing values in each of the
/// first kUsualColumnsMax columns.
[[nodiscard]] std::vector<Watch> usual_watch(const std::vector<std::string>& columns);

/// A number as people write it: "21,613", "4.5".
[[nodiscard]] std::string number_text(double value);

}  // namespace cordyna::guard
