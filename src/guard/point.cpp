#include "guard/point.hpp"

#include <fmt/format.h>

#include <boost/json.hpp>
#include <cmath>

namespace cordyna::guard {
namespace {

namespace json = boost::json;

std::string text(const json::value& value) {
  return value.is_string() ? std::string(value.get_string().data(), value.get_string().size())
                           : std::string();
}

}  // namespace

Result<Point> parse_point(const PointRow& row) {
  json::error_code error;
  const json::value facts = json::parse(row.facts, error);
  if (error || !facts.is_object()) {
    return fail(ErrorCode::kCorrupt,
                fmt::format("a point of series '{}' (run {}) is damaged", row.series, row.run));
  }
  Point point;
  point.at = row.at;
  point.run = row.run;
  point.verdict = row.verdict;
  const json::object& object = facts.get_object();
  if (const json::value* metrics = object.if_contains("metrics"); metrics && metrics->is_object()) {
    for (const auto& item : metrics->get_object()) {
      if (!item.value().is_number()) continue;
      point.metrics[std::string(item.key().data(), item.key().size())] =
          item.value().to_number<double>();
    }
  }
  if (const json::value* alarms = object.if_contains("alarms"); alarms && alarms->is_array()) {
    for (const json::value& alarm : alarms->get_array()) point.alarms.push_back(text(alarm));
  }
  if (const json::value* seasonal = object.if_contains("seasonal")) {
    point.seasonal = seasonal->is_bool() && seasonal->get_bool();
  }
  if (const json::value* steps = object.if_contains("steps")) point.steps = text(*steps);
  if (const json::value* until = object.if_contains("until"); until && until->is_int64()) {
    point.until = until->get_int64();
  }
  return point;
}

Result<std::vector<Point>> parse_points(const std::vector<PointRow>& rows) {
  std::vector<Point> points;
  points.reserve(rows.size());
  for (const PointRow& row : rows) {
    TRY_ASSIGN(Point point, parse_point(row));
    points.push_back(std::move(point));
  }
  return points;
}

std::string write_facts(const Point& point) {
  json::object metrics;
  for (const auto& [name, value] : point.metrics) {
    if (!std::isfinite(value)) continue;
    const bool whole = value == std::floor(value) && std::abs(value) < 9e15;
    metrics[name] = whole ? json::value(static_cast<std::int64_t>(value)) : json::value(value);
  }
  json::object out{{"metrics", std::move(metrics)}};
  if (!point.alarms.empty()) out["alarms"] = json::array(point.alarms.begin(), point.alarms.end());
  if (point.seasonal) out["seasonal"] = true;
  if (!point.steps.empty()) out["steps"] = point.steps;
  if (point.until > 0) out["until"] = point.until;
  return json::serialize(out);
}

Result<PointRow> accept_level(const std::string& series, const std::vector<Point>& points) {
  const Point* first = nullptr;
  for (const Point& point : points) {
    const bool alarm = point.verdict == PointVerdict::kWarn || point.verdict == PointVerdict::kTrip;
    if (!alarm) break;
    first = &point;
  }
  if (first == nullptr) {
    return fail(ErrorCode::kConflict,
                points.empty()
                    ? fmt::format("series '{}' has no points", series)
                    : fmt::format("the newest point of series '{}' is no alarm: there is no new "
                                  "level to accept",
                                  series));
  }
  Point level;
  level.until = points.front().at;
  return PointRow{series, first->at, first->run, "", PointVerdict::kLevel, write_facts(level)};
}

}  // namespace cordyna::guard
