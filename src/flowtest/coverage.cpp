#include "flowtest/coverage.hpp"

#include <algorithm>

#include "base/json_text.hpp"

namespace cordyna::flowtest {
namespace {

constexpr std::string_view kRuns = "runs";
constexpr std::string_view kTrue = "run_if is true";
constexpr std::string_view kFalse = "run_if is false";  // as the engine's history says it
constexpr std::string_view kRetry = "is retried";
constexpr std::string_view kCase = "case ";

bool was_begun(const std::string& task, const CaseEnd& end) {
  const auto found = end.attempts.find(task);
  return found != end.attempts.end() && !found->second.empty();
}

bool said(const std::string& task, std::string_view detail, const CaseEnd& end) {
  return std::ranges::any_of(
      end.history, [&](const HistoryRow& row) { return row.path == task && row.detail == detail; });
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
  if (branch.what == kRuns || branch.what == kTrue) return was_begun(branch.task, end);
  const auto row = end.tasks.find(branch.task);
  if (row == end.tasks.end()) return false;
  if (branch.what == kRetry) return row->second.attempt > 1;
  const std::string front = "{\"case\":" + json_string(branch.what.substr(kCase.size())) + ",";
  return row->second.outputs.starts_with(front);
}

std::size_t Coverage::reached() const {
  return static_cast<std::size_t>(std::ranges::count(branches_, true, &Branch::reached));
}

}  // namespace cordyna::flowtest
