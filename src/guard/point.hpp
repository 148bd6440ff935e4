/// What was measured of a dataset, and how it is written into the store and read back.
///
/// Pure. Threads: any.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "base/time.hpp"
#include "model/rows.hpp"

namespace cordyna::guard {

/// Metrics by name: "rows", "nulls(price)" (0 to 100, of a hundred rows), "sum(total)", "mean(x)",
/// "distinct(x)". A metric that has no value (the sum of nothing) is absent.
using Metrics = std::map<std::string, double, std::less<>>;

struct Point {
  Millis at = 0;
  RunNo run = 0;
  PointVerdict verdict = PointVerdict::kOk;
  Metrics metrics;
  std::vector<std::string> alarms;  ///< metrics with their direction: "rows-", "nulls(price)+"
  bool seasonal = false;            ///< an alarm was by the points of the same weekday
  std::string steps;                ///< stands for the flow's steps that made the data
  Millis until = 0;                 ///< of a kLevel: points up to here belong to the new level
};

/// Errors: kCorrupt.
[[nodiscard]] Result<Point> parse_point(const PointRow& row);
[[nodiscard]] Result<std::vector<Point>> parse_points(const std::vector<PointRow>& rows);

/// The facts of a PointRow: a JSON object.
[[nodiscard]] std::string write_facts(const Point& point);

/// The row that says: from the first of the newest alarms in a row on, a new level holds. `points`
/// newest first. Errors: kConflict: the newest point is no alarm.
[[nodiscard]] Result<PointRow> accept_level(const std::string& series,
                                            const std::vector<Point>& points);

}  // namespace cordyna::guard
