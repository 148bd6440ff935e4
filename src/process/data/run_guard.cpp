// Guards: data is measured and compared with its history before anybody sees it.
#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>
#include <string_view>

#include "base/nearest.hpp"
#include "process/data/compile.hpp"
#include "process/data/runner.hpp"
#include "process/data/step_guard.hpp"

namespace cordyna::data {
namespace {

StepResult<> check_columns(const std::vector<guard::Watch>& watch, const Upstream& upstream) {
  std::vector<std::string_view> names;
  names.reserve(upstream.columns.size());
  for (const SourceColumn& column : upstream.columns) names.emplace_back(column.name);
  for (const guard::Watch& one : watch) {
    const std::string column = column_of(one.metric);
    if (column.empty() || std::ranges::find(names, column) != names.end()) continue;
    const std::string near = nearest(column, names);
    return step_fail(
        TaskErrorCode::kInputInvalid,
        fmt::format("watch: '{}': '{}' has no column '{}'{}", one.metric, upstream.id, column,
                    near.empty() ? "" : fmt::format("; did you mean '{}'?", near)),
        Phase::kPrepare);
  }
  return {};
}

/// `said`: what the flow itself watches; `watch`: that, or what is usual.
StepResult<guard::Metrics> measure(StepRun& run, const std::vector<guard::Watch>& said,
                                   const std::vector<guard::Watch>& watch) {
  STEP_TRY_ASSIGN(const std::vector<Fact> facts, run.query(compile_metrics(said, said.empty())));
  guard::Metrics metrics;
  for (const Fact& fact : facts) {
    if (fact.kind == "out") run.report.rows = fact.n;
  }
  const auto rows = static_cast<double>(run.report.rows);
  metrics["rows"] = rows;
  for (const Fact& fact : facts) {
    if (fact.kind == "metric" && !fact.text.empty()) {
      metrics[fact.name] = std::strtod(fact.text.c_str(), nullptr);
    } else if (fact.kind == "nulls" && rows > 0) {
      metrics["nulls(" + fact.name + ")"] = 100 * static_cast<double>(fact.n) / rows;
    }
  }
  // Of wide data the metadata tells more than anybody watches, and each run's is remembered.
  std::erase_if(metrics, [&watch](const auto& metric) {
    return metric.first != "rows" &&
           std::ranges::find(watch, metric.first, &guard::Watch::metric) == watch.end();
  });
  return metrics;
}

void tell(StepRun& run, const guard::Judgement& judgement) {
  for (const guard::Finding& finding : judgement.findings) {
    const bool usual = finding.level == guard::Level::kOk && finding.metric != "rows";
    if (!usual && !finding.text.empty()) run.say("guard: " + finding.text);
  }
  if (judgement.good == 0) {
    run.say(fmt::format("guard: {} rows; there is no history to compare them with yet",
                        grouped(run.report.rows)));
  }
}

}  // namespace

StepResult<bool> stand_guard(StepRun& run, const Upstream& upstream, const GuardPolicy& policy) {
  const GuardContext& context = *run.step.guard;
  guard::Policy used = policy.policy;
  if (used.watch.empty()) {
    std::vector<std::string> names;
    names.reserve(upstream.columns.size());
    for (const SourceColumn& column : upstream.columns) names.push_back(column.name);
    used.watch = guard::usual_watch(names);
    if (names.size() > guard::kUsualColumnsMax) {
      run.say(
          fmt::format("guard: missing values are compared for the first {} of {} columns; "
                      "`watch` names others",
                      guard::kUsualColumnsMax, names.size()));
    }
  }
  STEP_TRY(check_columns(used.watch, upstream));
  guard::Point now = context.now;
  STEP_TRY_ASSIGN(now.metrics, measure(run, policy.policy.watch, used.watch));
  const guard::Judgement judgement = guard::judge(now, context.history, used, context.series);
  now.alarms = judgement.alarms;
  now.seasonal = judgement.seasonal;
  now.verdict = judgement.verdict();
  tell(run, judgement);
  const bool approved = context.approved && judgement.level == guard::Level::kTrip;
  if (approved) now.verdict = PointVerdict::kApproved;
  run.report.guard = GuardReport{context.series, now, judgement.reason, judgement.good};
  if (approved) {
    run.say("guard: approved by a person");
    return true;
  }
  if (judgement.fails) return step_fail(TaskErrorCode::kGuardTripped, judgement.reason);
  if (judgement.holds) {
    run.report.hold = judgement.reason;
    run.say("held: nothing was shared; a person decides (dyna approve, dyna reject)");
    return false;
  }
  if (judgement.level != guard::Level::kOk) run.warn(judgement.reason);
  return true;
}

StepResult<> run_guard(StepRun& run, const GuardParams& params) {
  STEP_TRY_ASSIGN(const Upstream upstream, run.open_upstream(params.of));
  STEP_TRY_ASSIGN(const bool passes, stand_guard(run, upstream, params.guard));
  if (!passes) return {};
  // The data itself goes through: what was measured is what is read after.
  run.report.data = upstream.path;
  run.report.rows_in = run.report.rows;
  run.report.schema = upstream.columns;
  return {};
}

}  // namespace cordyna::data
