#include "guard/backtest.hpp"

#include <utility>

namespace cordyna::guard {

BacktestResult backtest(const std::vector<Point>& points, const BacktestSettings& settings) {
  BacktestResult out;
  for (const double percent : settings.losses) out.losses.push_back({percent, 0, 0});
  std::vector<Point> history;  // newest first
  for (std::size_t i = 0; i < points.size(); ++i) {
    if (points[i].verdict == PointVerdict::kLevel) {
      history.insert(history.begin(), points[i]);
      continue;
    }
    Point now = points[i];
    now.verdict = PointVerdict::kOk;
    now.alarms.clear();
    now.seasonal = false;
    if (i >= settings.skip) {
      for (BacktestLoss& loss : out.losses) {
        Point less = now;
        const auto metric = less.metrics.find(settings.metric);
        if (metric != less.metrics.end()) metric->second *= 1 - loss.percent / 100;
        const Judgement judgement = judge(less, history, settings.policy, "");
        if (judgement.level != Level::kOk) ++loss.warned;
        if (judgement.level == Level::kTrip) ++loss.tripped;
      }
    }
    const Judgement judgement = judge(now, history, settings.policy, "");
    now.verdict = judgement.verdict();
    now.alarms = judgement.alarms;
    now.seasonal = judgement.seasonal;
    if (i >= settings.skip) {
      ++out.judged;
      if (judgement.level == Level::kTrip) ++out.tripped;
      if (judgement.level != Level::kOk) out.alarms.push_back(now);
    }
    history.insert(history.begin(), std::move(now));
    if (history.size() > kHistoryMax) history.pop_back();
  }
  return out;
}

}  // namespace cordyna::guard
