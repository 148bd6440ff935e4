// How a run machine goes through a switch: one case is chosen, the tasks of the others are skipped,
// and the switch ends when all inside of it have.
#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "base/json_text.hpp"
#include "engine/run_machine.hpp"

namespace cordyna::engine {
namespace {

/// How the outputs of a switch begin, from which its choice is found again after a restart.
std::string case_front(std::string_view name) {
  return "{\"case\":" + json_string(name) + ",";
}

}  // namespace

/// Calls `what` for each task that stands directly in `task`. Those inside follow it in the flow.
template <class What>
void RunMachine::each_inside(TaskIndex task, const What& what) const {
  const TaskIndex outer = tasks_[task].spec;
  for (TaskIndex inner = outer + 1; inner < flow_->tasks.size(); ++inner) {
    const TaskIndex inside = flow_->tasks[inner].inside;
    if (inside == kNoTask || inside < outer) return;
    if (inside == outer) what(beside(task, inner));
  }
}

void RunMachine::list_inside(TaskIndex task) {
  each_inside(task, [this](TaskIndex inner) {
    if (tasks_[inner].state == TaskState::kPending) list(inner);
  });
}

/// Whether a task may be judged: it stands in no switch, or in the chosen case of one. Ends it
/// where its turn will never come.
bool RunMachine::gate_open(Step& step, TaskIndex task) {
  const TaskSpec& spec = spec_of(task);
  const TaskIndex outer = outer_of(task);
  if (outer == kNoTask) return true;
  const auto end_as = [&](TaskState state, const TaskRow& details, std::string why) {
    write_history(step, path_of(task), 0, state, std::nullopt, std::move(why));
    end_task(step, task, state, details);
    return false;
  };
  switch (tasks_[outer].state) {
    case TaskState::kPending:
    case TaskState::kQueued: return false;
    case TaskState::kStarted:
    case TaskState::kCompleted: {
      if (is_foreach(outer)) return true;
      const std::uint32_t chosen = chosen_.at(outer);
      if (chosen == spec.branch) return true;
      return end_as(TaskState::kSkipped, {},
                    fmt::format("case '{}' was chosen", spec_of(outer).choice.cases[chosen]));
    }
    case TaskState::kSkipped:
      return end_as(TaskState::kSkipped, {}, fmt::format("'{}' was skipped", path_of(outer)));
    case TaskState::kError:
    case TaskState::kBlocked:
    case TaskState::kCancelled: break;
  }
  TaskRow details;
  details.blocked_by = root_of(outer);
  std::string why = "blocked by " + details.blocked_by;
  return end_as(TaskState::kBlocked, details, std::move(why));
}

void RunMachine::open_switch(Step& step, TaskIndex task) {
  const TaskSpec& spec = spec_of(task);
  const std::vector<std::string>& cases = spec.choice.cases;
  AttemptLive& live = live_.at(task);
  const auto value = step.evaluator.render(spec.choice.value, context(task, live.row.attempt));
  if (!value.has_value()) {
    return fail_in_engine(step, task,
                          make_task_error(TaskErrorCode::kTemplateFailed, Phase::kPrepare,
                                          "value: " + value.error().message));
  }
  auto found = std::ranges::find(cases, *value);
  if (found == cases.end() && cases.back() == kDefaultCase) found = cases.end() - 1;
  if (found == cases.end()) {
    return fail_in_engine(
        step, task,
        make_task_error(TaskErrorCode::kInputInvalid, Phase::kPrepare,
                        fmt::format("the value is '{}', and there is no such case; there is {}. "
                                    "A 'default' takes what no case does",
                                    *value, fmt::join(cases, ", "))));
  }
  chosen_[task] = static_cast<std::uint32_t>(found - cases.begin());
  TaskRow details;
  details.outputs = fmt::format("{}\"value\":{}}}", case_front(*found), json_string(*value));
  write_attempt(step, live, AttemptState::kCompleted);
  write_history(step, path_of(task), live.row.attempt, TaskState::kStarted,
                AttemptState::kCompleted, fmt::format("case '{}'", *found));
  write_task(step, task, TaskState::kStarted, details);
  outputs_[task] = std::move(details.outputs);
  live_.erase(task);
  list_inside(task);
  if (inside_open_[task] == 0) list(task);
}

void RunMachine::close_switch(Step& step, TaskIndex task) {
  if (inside_open_[task] > 0) return;
  TaskIndex bad = kNoTask;
  each_inside(task, [&](TaskIndex inner) {
    if (bad == kNoTask && upstream_end(tasks_[inner].state, spec_of(inner).allow_failure,
                                       TriggerRule::kAllCompleted) == UpstreamEnd::kFailed) {
      bad = inner;
    }
  });
  TaskRow details;
  if (bad == kNoTask) {
    details.outputs = outputs_.at(task);
    write_history(step, path_of(task), tasks_[task].attempt, TaskState::kCompleted, std::nullopt,
                  {});
    return end_task(step, task, TaskState::kCompleted, details);
  }
  outputs_.erase(task);
  details.error = owned(make_task_error(TaskErrorCode::kInsideFailed, Phase::kRun,
                                        fmt::format("'{}' did not complete", root_of(bad))),
                        task);
  write_history(step, path_of(task), tasks_[task].attempt, TaskState::kError, std::nullopt,
                "INSIDE_FAILED: " + details.error->message);
  end_task(step, task, TaskState::kError, details);
}

void RunMachine::restore_choice(TaskIndex task, const std::string& outputs) {
  const std::vector<std::string>& cases = spec_of(task).choice.cases;
  for (std::uint32_t i = 0; i < cases.size(); ++i) {
    if (outputs.starts_with(case_front(cases[i]))) chosen_[task] = i;
  }
}

/// The task that is to blame for the end of this one: itself, what it is blocked by, or what failed
/// inside of it.
std::string RunMachine::root_of(TaskIndex task) const {
  for (;;) {
    const auto blocked = blocked_by_.find(task);
    if (blocked != blocked_by_.end()) return blocked->second;
    TaskIndex bad = kNoTask;
    if (is_switch(task) && tasks_[task].state == TaskState::kError) {
      each_inside(task, [&](TaskIndex inner) {
        const TaskState state = tasks_[inner].state;
        const bool failed = state == TaskState::kError && !spec_of(inner).allow_failure;
        if (bad == kNoTask && failed) bad = inner;
      });
    }
    if (bad == kNoTask) return path_of(task);
    task = bad;
  }
}

/// Whether an error of the task is allowed: by itself, or by a switch that it stands in.
bool RunMachine::may_fail(TaskIndex spec) const {
  for (; spec != kNoTask; spec = flow_->tasks[spec].inside) {
    if (flow_->tasks[spec].allow_failure) return true;
  }
  return false;
}

}  // namespace cordyna::engine
