#include "guard/judge.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <utility>

namespace cordyna::guard {
namespace {

constexpr Millis kDay = 86'400'000;
constexpr double kSpreads = 3.5;          // of the usual spread, before a change counts
constexpr double kSpreadFloor = 0.02;     // of the median: no series is that steady
constexpr double kRateSpreadFloor = 1.0;  // percentage points
constexpr double kMadToSigma = 1.4826;    // for a normal distribution
constexpr double kFewPercent = 40;        // with few points only a change like this counts
constexpr std::size_t kFew = 4;
constexpr std::size_t kRunsBack = 28;
constexpr Millis kSeasonBack = 56 * kDay;  // eight weeks
constexpr std::size_t kAskAfter = 3;       // alarms in a row

constexpr std::array<std::string_view, 7> kDays{"Thursdays", "Fridays",  "Saturdays", "Sundays",
                                                "Mondays",   "Tuesdays", "Wednesdays"};

std::size_t weekday(Millis at) {
  return static_cast<std::size_t>(at / kDay % 7);  // 1970 began on a Thursday
}

bool is_rate(std::string_view metric) {
  return metric.starts_with("nulls(");
}

double median(std::vector<double> values) {
  const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
  std::ranges::nth_element(values, middle);
  if (values.size() % 2 == 1) return *middle;
  const double above = *middle;
  return (above + *std::max_element(values.begin(), middle)) / 2;
}

/// A value of one metric in the history.
struct Value {
  Millis at = 0;
  RunNo run = 0;
  double value = 0;
  bool good = true;
  bool good_for_day = true;  // good, or bad only because its weekday differs from others
};

bool has_alarm(const Point& point, std::string_view metric) {
  return std::ranges::any_of(point.alarms, [&](const std::string& alarm) {
    return alarm.size() == metric.size() + 1 && alarm.starts_with(metric);
  });
}

/// Where the newest level began, and until when its points are good whatever was said of them.
std::pair<Millis, Millis> newest_level(const std::vector<Point>& history) {
  for (const Point& point : history) {
    if (point.verdict == PointVerdict::kLevel) return {point.at, point.until};
  }
  return {0, 0};
}

/// The values of a metric since the newest level, newest first; one for each run.
std::vector<Value> values_of(const std::vector<Point>& history, std::string_view metric) {
  const auto [begin, until] = newest_level(history);
  std::vector<Value> values;
  for (const Point& point : history) {
    if (point.verdict == PointVerdict::kLevel || point.at < begin) continue;
    const auto found = point.metrics.find(metric);
    if (found == point.metrics.end()) continue;
    if (!values.empty() && values.back().run == point.run) continue;
    const bool accepted = until > 0 && point.at <= until;
    Value value{point.at, point.run, found->second};
    value.good = accepted || point.verdict == PointVerdict::kApproved || !has_alarm(point, metric);
    value.good_for_day = value.good || !point.seasonal;
    values.push_back(value);
  }
  return values;
}

std::size_t count_good(const std::vector<Value>& values) {
  return static_cast<std::size_t>(std::ranges::count_if(values, &Value::good));
}

/// Whether the series has a point about once a day.
bool is_daily(const std::vector<Value>& values, Millis now) {
  std::vector<double> gaps;
  Millis after = now;
  for (const Value& value : values) {
    gaps.push_back(static_cast<double>(after - value.at));
    after = value.at;
    if (gaps.size() >= 60) break;
  }
  if (gaps.empty()) return false;
  const double gap = median(gaps);
  return gap > 0.5 * kDay && gap < 1.5 * kDay;
}

/// What a value is compared with.
struct Basis {
  std::vector<double> values;
  std::string text;
  bool seasonal = false;
  bool early = false;
};

std::string last_good(const Value& value) {
  return fmt::format("the last good run, {}", value.run);
}

/// Points of the same weekday in the last weeks, if there are enough of them; else nothing.
Basis weekday_basis(const std::vector<Value>& values, Millis now) {
  Basis basis;
  std::size_t all = 0;
  std::string last;
  for (const Value& value : values) {
    if (now - value.at > kSeasonBack) break;
    if (weekday(value.at) != weekday(now)) continue;
    ++all;
    if (!value.good_for_day) continue;
    if (basis.values.empty()) last = last_good(value);
    basis.values.push_back(value.value);
  }
  if (all < kFew || basis.values.empty()) return {};
  basis.seasonal = true;
  basis.text = fmt::format("the median of {} {}", basis.values.size(), kDays[weekday(now)]);
  if (basis.values.size() == 1) basis.text = last;
  return basis;
}

Basis choose_basis(const std::vector<Value>& values, Millis now, Season season) {
  const bool by_day =
      season == Season::kWeekday || (season == Season::kAuto && is_daily(values, now));
  Basis basis;
  if (by_day) basis = weekday_basis(values, now);
  if (basis.seasonal) return basis;
  basis.early = by_day;
  std::string last;
  for (const Value& value : values) {
    if (!value.good) continue;
    if (basis.values.empty()) last = last_good(value);
    if (basis.values.size() == kRunsBack) break;
    basis.values.push_back(value.value);
  }
  basis.text =
      basis.values.size() < kFew ? last : fmt::format("the median of {} runs", basis.values.size());
  return basis;
}

/// How many alarms of this metric and direction stand in a row before now: of the same weekday
/// where that is what it was compared with.
std::size_t alarms_before(const std::vector<Point>& history, const Finding& finding, Millis now) {
  const std::string alarm = finding.metric + finding.direction;
  std::size_t count = 0;
  for (const Point& point : history) {
    if (point.verdict == PointVerdict::kLevel) break;
    if (finding.seasonal && weekday(point.at) != weekday(now)) continue;
    if (point.verdict == PointVerdict::kApproved) break;
    if (std::ranges::find(point.alarms, alarm) == point.alarms.end()) break;
    ++count;
  }
  return count;
}

/// The limits of one watch around what is expected.
struct Limits {
  double expected = 0;
  double spread = 0;  // a change must exceed this too
  double least = 0;   // percent: no smaller change trips
  bool few = false;   // too few points to warn by

  /// How far down (or up) a change of `percent` reaches.
  [[nodiscard]] double reach(double percent, bool rate) const {
    const double change = std::max(percent, least);
    const double by_percent = rate ? change : std::abs(expected) * change / 100;
    return std::max(by_percent, spread);
  }
};

Level level_of(double change, const Limits& limits, double percent, bool rate) {
  if (change >= limits.reach(percent, rate) && change > 0) return Level::kTrip;
  if (limits.few) return Level::kOk;
  return change >= limits.reach(percent / 2, rate) && change > 0 ? Level::kWarn : Level::kOk;
}

std::string change_text(const Finding& finding, bool rate) {
  const double change = finding.value - *finding.expected;
  if (rate) return fmt::format("{:+.1f} percentage points", change);
  if (*finding.expected == 0) return "there was nothing before";
  return fmt::format("{:+.1f} %", 100 * change / std::abs(*finding.expected));
}

std::string value_text(double value, bool rate) {
  return rate ? fmt::format("{:.1f} %", value) : number_text(value);
}

void tell(Finding& finding, bool rate) {
  if (finding.by_bound) {
    const bool below = finding.direction == '-';
    finding.text = fmt::format("{} {}: {} {} is allowed", finding.metric,
                               value_text(finding.value, rate), below ? "at least" : "at most",
                               value_text(below ? *finding.low : *finding.high, rate));
    return;
  }
  finding.text =
      fmt::format("{} {}, expected {} ({}): {}", finding.metric, value_text(finding.value, rate),
                  value_text(*finding.expected, rate), finding.basis, change_text(finding, rate));
  std::string band;
  if (finding.low.has_value()) band = fmt::format("below {}", value_text(*finding.low, rate));
  if (finding.high.has_value()) {
    band += fmt::format("{}above {}", band.empty() ? "" : " or ", value_text(*finding.high, rate));
  }
  if (!band.empty()) finding.text += fmt::format("; trips {}", band);
}

void judge_bounds(const Watch& watch, Finding& finding) {
  const bool below = watch.min.has_value() && finding.value < *watch.min;
  const bool above = watch.max.has_value() && finding.value > *watch.max;
  if (!below && !above) return;
  finding.level = Level::kTrip;
  finding.by_bound = true;
  finding.direction = below ? '-' : '+';
  if (below) finding.low = watch.min;
  if (above) finding.high = watch.max;
}

void judge_change(const Watch& watch, const Limits& limits, bool rate, Finding& finding) {
  const double change = finding.value - limits.expected;
  if (watch.drop.has_value()) {
    finding.low = limits.expected - limits.reach(*watch.drop, rate);
    finding.level = level_of(-change, limits, *watch.drop, rate);
  }
  if (watch.rise.has_value()) {
    finding.high = limits.expected + limits.reach(*watch.rise, rate);
    const Level up = level_of(change, limits, *watch.rise, rate);
    if (up > finding.level) {
      finding.level = up;
      finding.direction = '+';
    }
  }
}

Limits limits_of(const Basis& basis, bool rate) {
  Limits limits;
  limits.few = basis.values.size() < kFew;
  if (limits.few && !basis.seasonal) {
    limits.expected = basis.values.front();
    limits.least = kFewPercent;
    return limits;
  }
  limits.expected = median(basis.values);
  std::vector<double> off;
  off.reserve(basis.values.size());
  for (const double one : basis.values) off.push_back(std::abs(one - limits.expected));
  const double floor = rate ? kRateSpreadFloor : kSpreadFloor * std::abs(limits.expected);
  limits.spread = kSpreads * std::max(kMadToSigma * median(off), floor);
  return limits;
}

Finding judge_metric(const Watch& watch, double value, const Point& now,
                     const std::vector<Point>& history, Season season) {
  const bool rate = is_rate(watch.metric);
  Finding finding;
  finding.metric = watch.metric;
  finding.value = value;
  judge_bounds(watch, finding);
  const std::vector<Value> values = values_of(history, watch.metric);
  const Basis basis = choose_basis(values, now.at, season);
  finding.seasonal = basis.seasonal;
  finding.early = basis.early;
  if (!basis.values.empty() && !finding.by_bound) {
    const Limits limits = limits_of(basis, rate);
    finding.basis = basis.text;
    finding.expected = limits.expected;
    judge_change(watch, limits, rate, finding);
  }
  if (finding.expected.has_value() || finding.by_bound) tell(finding, rate);
  if (finding.level == Level::kOk) return finding;
  finding.row = 1 + alarms_before(history, finding, now.at);
  return finding;
}

/// The run of the newest good point, if other steps made its data.
RunNo changed_since(const Point& now, const std::vector<Point>& history) {
  for (const Point& point : history) {
    const bool good =
        point.verdict == PointVerdict::kOk || point.verdict == PointVerdict::kApproved;
    if (good) return point.steps == now.steps ? 0 : point.run;
  }
  return 0;
}

std::string reason_of(const Judgement& judgement, std::string_view series) {
  std::string out;
  for (const Finding& finding : judgement.findings) {
    if (finding.level != judgement.level) continue;
    out += (out.empty() ? "" : "; ") + finding.text;
    if (finding.row >= kAskAfter) {
      out += fmt::format(
          " – the alarm number {} in a row in this direction; if this is the new level: dyna guard "
          "accept {}",
          finding.row, series);
    }
  }
  return out;
}

}  // namespace

PointVerdict Judgement::verdict() const {
  switch (level) {
    case Level::kOk: break;
    case Level::kWarn: return PointVerdict::kWarn;
    case Level::kTrip: return PointVerdict::kTrip;
  }
  return PointVerdict::kOk;
}

Judgement judge(const Point& now, const std::vector<Point>& history, const Policy& policy,
                std::string_view series) {
  Judgement out;
  bool by_bound = false;
  bool sure = false;  // of a trip: not only the first weeks of a daily series
  for (const Watch& watch : policy.watch) {
    const auto value = now.metrics.find(watch.metric);
    if (value == now.metrics.end()) continue;
    out.good = std::max(out.good, count_good(values_of(history, watch.metric)));
    Finding finding = judge_metric(watch, value->second, now, history, policy.season);
    out.level = std::max(out.level, finding.level);
    by_bound = by_bound || finding.by_bound;
    if (finding.level != Level::kOk) {
      out.alarms.push_back(finding.metric + finding.direction);
      out.seasonal = out.seasonal || finding.seasonal;
    }
    if (finding.level == Level::kTrip) sure = sure || finding.by_bound || !finding.early;
    out.findings.push_back(std::move(finding));
  }
  if (out.level == Level::kOk) return out;
  out.reason = reason_of(out, series);
  if (out.level != Level::kTrip) return out;
  out.changed_since = changed_since(now, history);
  // A change of the flow itself explains a change of its data; what the flow says in numbers holds.
  out.steps_changed = out.changed_since != 0 && !by_bound;
  if (out.steps_changed) {
    out.reason +=
        fmt::format(" – the flow's own steps changed since run {}: not held", out.changed_since);
    return out;
  }
  sure = by_bound || (sure && out.good >= kGoodForHold);
  out.holds = policy.on_trip == OnTrip::kHold || (policy.on_trip == OnTrip::kAuto && sure);
  out.fails = policy.on_trip == OnTrip::kFail;
  return out;
}

std::vector<Watch> usual_watch(const std::vector<std::string>& columns) {
  constexpr double kRowsDrop = 20;
  constexpr double kNullsRise = 15;
  std::vector<Watch> watch(1);
  watch[0].metric = "rows";
  watch[0].drop = kRowsDrop;
  for (const std::string& column : columns) {
    if (watch.size() > kUsualColumnsMax) break;
    Watch nulls;
    nulls.metric = "nulls(" + column + ")";
    nulls.rise = kNullsRise;
    watch.push_back(std::move(nulls));
  }
  return watch;
}

std::string number_text(double value) {
  const bool whole = value == std::floor(value);
  if (std::abs(value) >= 9e15 || (!whole && std::abs(value) < 100)) {
    return fmt::format("{:.4g}", value);
  }
  std::string digits = fmt::format("{:.{}f}", std::abs(value), whole ? 0 : 1);
  for (std::size_t at = digits.size() - (whole ? 0 : 2); at > 3; at -= 3)
    digits.insert(at - 3, ",");
  return value < 0 ? "-" + digits : digits;
}

}  // namespace cordyna::guard
