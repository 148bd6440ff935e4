#include "process/data/step_guard.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <boost/json.hpp>
#include <charconv>
#include <cmath>

#include "process/data/json_read.hpp"

namespace cordyna::data {
namespace {

namespace json = boost::json;

constexpr std::array<std::pair<std::string_view, guard::OnTrip>, 3> kOnTrip{{
    {"hold", guard::OnTrip::kHold},
    {"fail", guard::OnTrip::kFail},
    {"warn", guard::OnTrip::kWarn},
}};
constexpr std::array<std::pair<std::string_view, guard::Season>, 3> kSeasons{{
    {"auto", guard::Season::kAuto},
    {"weekday", guard::Season::kWeekday},
    {"none", guard::Season::kNone},
}};
constexpr std::array<std::string_view, 4> kFunctions{"nulls", "sum", "mean", "distinct"};

bool is_metric(std::string_view metric) {
  if (metric == "rows") return true;
  const std::size_t open = metric.find('(');
  if (open == std::string_view::npos || !metric.ends_with(')')) return false;
  return std::ranges::find(kFunctions, metric.substr(0, open)) != kFunctions.end() &&
         metric.size() > open + 2;
}

/// "20", "20%" or "15pp".
StepResult<std::optional<double>> read_percent(const json::object& object, std::string_view key,
                                               const std::string& place) {
  STEP_TRY_ASSIGN(const std::optional<std::string> text, read_text(object, key));
  if (!text.has_value()) return std::optional<double>();
  std::string_view digits = *text;
  for (const std::string_view unit : {"pp", "%"}) {
    if (digits.ends_with(unit)) digits.remove_suffix(unit.size());
  }
  while (digits.ends_with(' ')) digits.remove_suffix(1);
  double value = 0;
  const char* const begin = digits.data();
  const char* const end = begin + digits.size();
  const auto read = std::from_chars(begin, end, value);
  if (read.ec != std::errc() || read.ptr != end || !std::isfinite(value) || value <= 0) {
    return bad_value(fmt::format("{}.{}", place, key),
                     fmt::format("a percentage above 0 is wanted (20, or 20%), not '{}'", *text));
  }
  return std::optional(value);
}

StepResult<guard::Watch> read_watch(std::string metric, const json::value& value) {
  const std::string place = "watch." + metric;
  if (!is_metric(metric)) {
    return bad_value("watch", fmt::format("'{}': rows, nulls(column), sum(column), mean(column) or "
                                          "distinct(column) is wanted",
                                          metric));
  }
  const json::object* spec = value.if_object();
  if (spec == nullptr) return bad_value(place, "a map with drop, rise, min or max is wanted");
  guard::Watch watch;
  watch.metric = std::move(metric);
  STEP_TRY_ASSIGN(watch.drop, read_percent(*spec, "drop", place));
  STEP_TRY_ASSIGN(watch.rise, read_percent(*spec, "rise", place));
  STEP_TRY_ASSIGN(watch.min, read_number(*spec, "min"));
  STEP_TRY_ASSIGN(watch.max, read_number(*spec, "max"));
  if (!watch.drop && !watch.rise && !watch.min && !watch.max) {
    return bad_value(place, "one of drop, rise, min or max is wanted");
  }
  return watch;
}

StepResult<GuardPolicy> read_policy(const json::object& object) {
  GuardPolicy out;
  STEP_TRY_ASSIGN(const std::optional<std::string> series, read_text(object, "series"));
  out.series = series.value_or("");
  STEP_TRY_ASSIGN(const json::object* watch, read_object(object, "watch"));
  if (watch != nullptr) {
    for (const auto& item : *watch) {
      STEP_TRY_ASSIGN(guard::Watch one,
                      read_watch(std::string(item.key().data(), item.key().size()), item.value()));
      out.policy.watch.push_back(std::move(one));
    }
  }
  STEP_TRY_ASSIGN(const std::optional<std::string> on_trip, read_text(object, "on_trip"));
  if (on_trip.has_value()) {
    STEP_TRY_ASSIGN(out.policy.on_trip, parse_word("on_trip", *on_trip, kOnTrip));
  }
  STEP_TRY_ASSIGN(const std::optional<std::string> season, read_text(object, "season"));
  if (season.has_value()) {
    STEP_TRY_ASSIGN(out.policy.season, parse_word("season", *season, kSeasons));
  }
  return out;
}

StepResult<guard::Point> read_point(const json::value& value) {
  const json::object* object = value.if_object();
  if (object == nullptr) {
    return step_fail(TaskErrorCode::kInternal, "step.json: a point of the history is no object");
  }
  PointRow row;
  STEP_TRY_ASSIGN(const std::optional<std::int64_t> at, read_int(*object, "at"));
  STEP_TRY_ASSIGN(const std::optional<std::int64_t> run, read_int(*object, "run"));
  STEP_TRY_ASSIGN(const std::optional<std::string> verdict, read_text(*object, "verdict"));
  const json::value* facts = object->if_contains("facts");
  const auto known = parse_point_verdict(verdict.value_or(""));
  if (facts == nullptr || !known.has_value()) {
    return step_fail(TaskErrorCode::kInternal, "step.json: a point of the history is incomplete");
  }
  row.at = at.value_or(0);
  row.run = run.value_or(0);
  row.verdict = *known;
  row.facts = scalar_text(*facts);
  Result<guard::Point> point = guard::parse_point(row);
  if (!point.has_value()) return step_fail(TaskErrorCode::kInternal, point.error().message);
  return std::move(*point);
}

}  // namespace

std::string column_of(std::string_view metric) {
  const std::size_t open = metric.find('(');
  if (open == std::string_view::npos) return {};
  return std::string(metric.substr(open + 1, metric.size() - open - 2));
}

StepResult<GuardParams> parse_guard(const json::object& params) {
  GuardParams guard;
  STEP_TRY_ASSIGN(guard.of, read_of(params));
  STEP_TRY_ASSIGN(guard.guard, read_policy(params));
  return guard;
}

StepResult<std::optional<GuardPolicy>> parse_share_guard(const json::object& params) {
  STEP_TRY_ASSIGN(const json::object* object, read_object(params, "guard"));
  if (object == nullptr) return std::optional(GuardPolicy());
  STEP_TRY_ASSIGN(const std::optional<std::string> on_trip, read_text(*object, "on_trip"));
  if (on_trip == "off") return std::optional<GuardPolicy>();
  STEP_TRY_ASSIGN(GuardPolicy policy, read_policy(*object));
  return std::optional(std::move(policy));
}

StepResult<std::optional<GuardContext>> parse_guard_context(const json::object& step) {
  STEP_TRY_ASSIGN(const json::object* object, read_object(step, "guard"));
  if (object == nullptr) return std::optional<GuardContext>();
  GuardContext context;
  STEP_TRY_ASSIGN(const std::optional<std::string> series, read_text(*object, "series"));
  STEP_TRY_ASSIGN(const std::optional<std::string> steps, read_text(*object, "steps"));
  STEP_TRY_ASSIGN(const std::optional<std::int64_t> at, read_int(*object, "at"));
  STEP_TRY_ASSIGN(const std::optional<std::int64_t> run, read_int(*object, "run"));
  STEP_TRY_ASSIGN(const std::optional<bool> approved, read_bool(*object, "approved"));
  context.series = series.value_or("");
  context.now.at = at.value_or(0);
  context.now.run = run.value_or(0);
  context.now.steps = steps.value_or("");
  context.approved = approved.value_or(false);
  const json::value* history = object->if_contains("history");
  if (history != nullptr && history->is_array()) {
    for (const json::value& item : history->get_array()) {
      STEP_TRY_ASSIGN(guard::Point point, read_point(item));
      context.history.push_back(std::move(point));
    }
  }
  return std::optional(std::move(context));
}

}  // namespace cordyna::data
