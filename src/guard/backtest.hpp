/// How a series would have been judged, had a guard watched it from its beginning.
///
/// Pure. Threads: any.
#pragma once

#include <cstddef>
#include <vector>

#include "guard/judge.hpp"

namespace cordyna::guard {

struct BacktestSettings {
  Policy policy;
  std::size_t skip = 0;  ///< points at the front that are history only
  std::string metric = "rows";
  std::vector<double> losses;  ///< percent: each judged point is judged again with so much less
};

struct BacktestLoss {
  double percent = 0;
  std::size_t warned = 0;  ///< found at all
  std::size_t tripped = 0;
};

struct BacktestResult {
  std::size_t judged = 0;
  std::vector<Point> alarms;  ///< the points that alarmed by themselves, oldest first
  std::vector<BacktestLoss> losses;
  std::size_t tripped = 0;  ///< of the alarms
};

/// `points`: oldest first; their verdicts and alarms are found anew.
[[nodiscard]] BacktestResult backtest(const std::vector<Point>& points,
                                      const BacktestSettings& settings);

}  // namespace cordyna::guard
