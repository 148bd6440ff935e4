// How a run machine waits for a time, a condition or, in a pause, a person: a timer that is derived
// from rows, and nothing else. A wait's first attempt ends at once; what follows is the task's.
#include <fmt/format.h>

#include <utility>

#include "base/json_text.hpp"
#include "engine/run_machine.hpp"

namespace cordyna::engine {
namespace {

/// The first look after `now`, of looks that begin at `first` and come each `interval`. So the time
/// of the next one is known without a row for each.
Millis next_look(Millis first, Millis interval, Millis now) {
  return first + ((now - first) / interval + 1) * interval;
}

}  // namespace

void RunMachine::begin_wait(Step& step, TaskIndex task, std::string reason) {
  const Wait& wait = spec_of(task).wait;
  switch (wait.what) {
    case WaitFor::kPerson: {
      Outcome asks;
      asks.hold = reason.empty() ? "waits for approval" : std::move(reason);
      if (!spec_of(task).inputs.empty()) {
        asks.hold += " (give " + describe_inputs(spec_of(task).inputs) + ")";
      }
      return hold(step, task, asks);
    }
    case WaitFor::kTime:
      write_attempt(step, live_.at(task), AttemptState::kCompleted);
      return wait_until(step, task, step.now + wait.time);
    case WaitFor::kCondition: return look_again(step, task);
    case WaitFor::kScript:
    case WaitFor::kNothing: return;
  }
}

/// The wait goes on; this is its row. Later looks of a condition write none.
void RunMachine::wait_until(Step& step, TaskIndex task, Millis until) {
  AttemptLive& live = live_.at(task);
  const TaskSpec& spec = spec_of(task);
  live.retry_at = until;
  TaskRow details;
  details.retry_at = until;
  write_task(step, task, TaskState::kPending, details);
  write_history(step, path_of(task), live.row.attempt, std::nullopt, AttemptState::kCompleted,
                spec.wait.what == WaitFor::kTime
                    ? fmt::format("waits: until {}", format_timestamp(until))
                    : fmt::format("waits: looks each {}", format_delay(spec.wait.time)));
  step.shared.timers.add({until, run_.no, task, TimerKind::kRetry});
}

/// The time of a wait has come, or that of its next look.
void RunMachine::look_again(Step& step, TaskIndex task) {
  AttemptLive& live = live_.at(task);
  const TaskSpec& spec = spec_of(task);
  if (spec.wait.what == WaitFor::kTime) {
    return end_wait(step, task, {}, "waited " + format_delay(step.now - live.first_at));
  }
  const bool first = live.row.state == AttemptState::kCreated;
  std::string names = context(task, live.row.attempt);
  names.back() = ',';
  names += fmt::format(R"("now":{}}})", json_string(format_timestamp(step.now)));
  const auto holds = step.evaluator.condition(spec.wait.until, names);
  if (!holds.has_value()) {
    TaskError error = make_task_error(TaskErrorCode::kConditionFailed, Phase::kPrepare,
                                      "until: " + holds.error().message);
    if (first) return fail_in_engine(step, task, std::move(error));
    TaskRow details;
    details.error = owned(std::move(error), task);
    write_history(step, path_of(task), live.row.attempt, TaskState::kError, std::nullopt,
                  "CONDITION_FAILED: " + details.error->message);
    return end_task(step, task, TaskState::kError, details);
  }
  if (first) write_attempt(step, live, AttemptState::kCompleted);
  if (*holds) {
    return end_wait(step, task, {}, "it holds after " + format_delay(step.now - live.first_at));
  }
  const Millis next = next_look(live.first_at, spec.wait.time, step.now);
  if (first) return wait_until(step, task, next);
  live.retry_at = next;
  step.shared.timers.add({next, run_.no, task, TimerKind::kRetry});
}

void RunMachine::end_wait(Step& step, TaskIndex task, std::string outputs, std::string detail) {
  TaskRow details;
  details.outputs = std::move(outputs);
  const bool at_once = tasks_[task].stored == false;
  write_history(step, path_of(task), tasks_[task].attempt, TaskState::kCompleted,
                at_once ? std::optional(AttemptState::kCompleted) : std::nullopt,
                std::move(detail));
  end_task(step, task, TaskState::kCompleted, details);
}

/// Nobody decided about a pause in time.
void RunMachine::time_out_hold(Step& step, TaskIndex task) {
  const TaskSpec& spec = spec_of(task);
  tasks_[task].held = false;
  --held_;
  go_on(step, {});
  std::string said = "nobody decided within " + format_delay(spec.timeout);
  if (spec.wait.go_on) {
    return end_wait(step, task, unanswered(step, task), said + "; it goes on");
  }
  TaskRow details;
  details.error = owned(make_task_error(TaskErrorCode::kTimeoutTotal, Phase::kRun, said), task);
  write_history(step, path_of(task), tasks_[task].attempt, TaskState::kError, std::nullopt,
                "TIMEOUT_TOTAL: " + said);
  end_task(step, task, TaskState::kError, details);
}

/// The outputs of a pause that nobody decided about: of what it asks for, the defaults.
std::string RunMachine::unanswered(const Step& step, TaskIndex task) const {
  std::string out = R"({"approved":false,"by":"","note":"")";
  for (const InputSpec& input : spec_of(task).inputs) {
    std::string value = input.default_value.empty() ? "null" : input.default_value;
    const auto rendered = step.evaluator.render_json(value, "{" + names_of(*flow_, run_) + "}");
    if (rendered.has_value()) value = *rendered;
    out += ',' + json_string(input.id) + ':' + value;
  }
  return out + '}';
}

void RunMachine::explain_wait(TaskIndex task, Millis now, std::vector<Blocker>& blockers) const {
  const TaskSpec& spec = spec_of(task);
  const AttemptLive& live = live_.at(task);
  if (spec.wait.what == WaitFor::kTime) {
    blockers.push_back(
        {path_of(task), BlockerKind::kTime, "its time", live.first_at, live.retry_at, spec.owner});
    return;
  }
  if (spec.wait.what == WaitFor::kScript) {
    const std::string_view said =
        live.row.error.has_value() ? info(live.row.error->code).name : "no answer";
    blockers.push_back(
        {path_of(task), BlockerKind::kCondition,
         fmt::format("its script to end with exit code 0 (look {}: {})", live.row.attempt, said),
         live.first_at, live.retry_at, spec.owner});
    return;
  }
  const Millis next =
      now < live.retry_at ? live.retry_at : next_look(live.first_at, spec.wait.time, now);
  blockers.push_back(
      {path_of(task), BlockerKind::kCondition, spec.wait.until, live.first_at, next, spec.owner});
}

}  // namespace cordyna::engine
