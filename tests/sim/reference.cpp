#include "sim/reference.hpp"

#include <algorithm>

namespace cordyna::sim {

std::vector<TaskState> expected_states(const Flow& flow,
                                       const std::function<TaskState(TaskIndex)>& own) {
  using S = TaskState;
  std::vector<S> end(flow.tasks.size(), S::kPending);
  bool error = false;
  for (const Section section : {Section::kTasks, Section::kErrors, Section::kFinally}) {
    const bool wanted = section != Section::kErrors || error;
    for (TaskIndex t = 0; t < flow.tasks.size();
         ++t) {  // needs point backwards: file order is a valid order
      const TaskSpec& task = flow.tasks[t];
      if (task.section != section) continue;
      end[t] = S::kSkipped;
      if (!wanted) continue;
      const bool errors_matter = task.trigger_rule == TriggerRule::kAnyError ||
                                 task.trigger_rule == TriggerRule::kAllError;
      std::size_t good = 0, skipped = 0, bad = 0;
      for (const TaskIndex up : task.needs) {
        const bool forgiven =
            end[up] == S::kError && flow.tasks[up].allow_failure && !errors_matter;
        (end[up] == S::kSkipped ? skipped : end[up] == S::kCompleted || forgiven ? good : bad) += 1;
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
      if (verdict == S::kStarted) verdict = task.run_if == "neither" ? S::kError : own(t);
      end[t] = verdict;
      if (end[t] == S::kError && !task.allow_failure) error = true;
    }
  }
  return end;
}

}  // namespace cordyna::sim
