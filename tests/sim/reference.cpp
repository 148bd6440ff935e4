#include "sim/reference.hpp"

#include <algorithm>

namespace cordyna::sim {
namespace {

using S = TaskState;

/// The case that a switch takes; kError: there is none, or a foreach has no list.
S choose(const TaskSpec& task, std::size_t& chosen) {
  if (!task.foreach.items.empty()) return task.foreach.items[0] == '"' ? S::kError : S::kStarted;
  const auto& cases = task.choice.cases;
  const auto found = std::ranges::find(cases, task.choice.value);
  chosen = static_cast<std::size_t>(found - cases.begin());
  if (found == cases.end() && cases.back() == kDefaultCase) --chosen;
  return chosen == cases.size() ? S::kError : S::kStarted;
}

/// Whether a task has its turn, by the switch that it stands in: kStarted if so.
S gate_of(const TaskSpec& task, const std::vector<std::size_t>& chosen, const std::vector<S>& end) {
  if (task.inside == kNoTask) return S::kStarted;
  const S outer = end[task.inside];
  if (outer == S::kStarted) return chosen[task.inside] == task.branch ? S::kStarted : S::kSkipped;
  return outer == S::kSkipped ? S::kSkipped : S::kBlocked;
}

/// The end of a task, of an open switch by what is inside of it.
S end_of(const Flow& flow, const std::vector<S>& end, TaskIndex task) {
  if (end[task] != S::kStarted) return end[task];
  for (TaskIndex t = task + 1; t < flow.tasks.size(); ++t) {
    if (flow.tasks[t].inside != task) continue;
    const S inner = end_of(flow, end, t);
    const bool error = inner == S::kError && !flow.tasks[t].allow_failure;
    if (error || inner == S::kBlocked) return S::kError;
  }
  return S::kCompleted;
}

}  // namespace

bool forgiven(const Flow& flow, TaskIndex task) {
  for (; task != kNoTask; task = flow.tasks[task].inside) {
    if (flow.tasks[task].allow_failure) return true;
  }
  return false;
}

std::vector<TaskState> expected_states(const Flow& flow,
                                       const std::function<TaskState(TaskIndex)>& own) {
  std::vector<S> end(flow.tasks.size(), S::kPending);
  std::vector<std::size_t> chosen(flow.tasks.size(), 0);
  bool error = false;
  for (const Section section : {Section::kTasks, Section::kErrors, Section::kFinally}) {
    const bool wanted = section != Section::kErrors || error;
    for (TaskIndex t = 0; t < flow.tasks.size();
         ++t) {  // needs point backwards: file order is a valid order
      const TaskSpec& task = flow.tasks[t];
      if (task.section != section) continue;
      end[t] = S::kSkipped;
      if (!wanted) continue;
      if (const S gate = gate_of(task, chosen, end); gate != S::kStarted) {
        end[t] = gate;
        continue;
      }
      const bool errors_matter = task.trigger_rule == TriggerRule::kAnyError ||
                                 task.trigger_rule == TriggerRule::kAllError;
      std::size_t good = 0, skipped = 0, bad = 0;
      for (const TaskIndex up : task.needs) {
        const S state = end_of(flow, end, up);
        const bool allowed = state == S::kError && flow.tasks[up].allow_failure && !errors_matter;
        (state == S::kSkipped ? skipped : state == S::kCompleted || allowed ? good : bad) += 1;
      }
      const std::size_t all = task.needs.size();
      S verdict = S::kStarted;  // run it
      switch (task.trigger_rule) {
        case TriggerRule::kAllCompleted:
          verdict = bad ? S::kBlocked : all && skipped == all ? S::kSkipped : S::kStarted;
          break;
        case TriggerRule::kAllDone: break;
        case TriggerRule::kAnyCompleted:
          verdict = good || !all ? S::kStarted : bad ? S::kBlocked : S::kSkipped;
          break;
        case TriggerRule::kAnyError: verdict = bad ? S::kStarted : S::kSkipped; break;
        case TriggerRule::kAllError: verdict = all && bad == all ? S::kStarted : S::kSkipped; break;
      }
      if (verdict == S::kStarted && (task.disabled || task.run_if == "false"))
        verdict = S::kSkipped;
      if (verdict == S::kStarted && task.run_if == "neither") verdict = S::kError;
      const bool holds = !task.choice.value.empty() || !task.foreach.items.empty();
      if (verdict == S::kStarted) verdict = holds ? choose(task, chosen[t]) : own(t);
      end[t] = verdict;
    }
    for (TaskIndex t = 0; t < flow.tasks.size(); ++t) {
      if (flow.tasks[t].section != section || end_of(flow, end, t) != S::kError) continue;
      if (!forgiven(flow, t)) error = true;
    }
  }
  for (TaskIndex t = static_cast<TaskIndex>(flow.tasks.size()); t-- > 0;)
    end[t] = end_of(flow, end, t);
  return end;
}

}  // namespace cordyna::sim
