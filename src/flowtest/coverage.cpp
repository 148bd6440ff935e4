#include "flowtest/coverage.hpp"

#include <algorithm>

#include "base/json_text.hpp"
#include "model/layout.hpp"

namespace cordyna::flowtest {
namespace {

constexpr std::string_view kRuns = "runs";
constexpr std::string_view kTrue = "run_if is true";
constexpr std::string_view kFalse = "run_if is false";  // as the engine's history says it
constexpr std::string_view kRetry = "is retried";
constexpr std::string_view kCase = "case ";

/// Whether `holds` for any of the values of `by_path` that are the task's, in whatever item of a
/// foreach.
template <class Map, class Holds>
bool any_of_task(const Map& by_path, const std::string& task, const Holds& holds) {
  return std::ranges::any_of(by_path, [&](const auto& entry) {
    return task_in_path(entry.first) == task && holds(entry.second);
  });
}

bool said(const std::string& task, std::string_view detail, const CaseEnd& end) {
  return std::ranges::any_of(end.history, [&](const HistoryRow& row) {
    return row.detail == detail && task_in_path(row.path) == task;
  });
}

}  // namespace

Coverage::Coverage(const Flow& flow) {
  for (const TaskSpec& task : flow.tasks) {
    const auto add = [&](std::string what) {
      branches_.push_back({task.id, std::move(what), task.line, false});
    };
    if (task.disabled) continue;
    add(std::string(kRuns));
    if (!task.run_if.empty()) {
      add(std::string(kTrue));
      add(std::string(kFalse));
    }
    if (task.retry.attempts > 1) add(std::string(kRetry));
    for (const std::string& name : task.choice.cases) add(std::string(kCase) + name);
  }
}

void Coverage::add(const CaseEnd& end) {
  for (Branch& branch : branches_) branch.reached = branch.reached || is_reached(branch, end);
}

bool Coverage::is_reached(const Branch& branch, const CaseEnd& end) const {
  if (branch.what == kFalse) return said(branch.task, kFalse, end);
  if (branch.what == kRuns || branch.what == kTrue) {
    return any_of_task(end.attempts, branch.task, [](const auto& all) { return !all.empty(); });
  }
  if (branch.what == kRetry) {
    return any_of_task(end.tasks, branch.task, [](const TaskRow& row) { return row.attempt > 1; });
  }
  const std::string front = "{\"case\":" + json_string(branch.what.substr(kCase.size())) + ",";
  return any_of_task(end.tasks, branch.task,
                     [&](const TaskRow& row) { return row.outputs.starts_with(front); });
}

std::size_t Coverage::reached() const {
  return static_cast<std::size_t>(std::ranges::count(branches_, true, &Branch::reached));
}

}  // namespace cordyna::flowtest
