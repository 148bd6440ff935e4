// How a run machine waits for a person: a task whose attempt asked for one is held; approved, it
// gets another attempt; rejected, it ends in error. A run in which nothing else moves is paused.
#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "base/check.hpp"
#include "base/json_text.hpp"
#include "engine/run_machine.hpp"
#include "model/layout.hpp"
#include "model/run_fields.hpp"

namespace cordyna::engine {
namespace {

/// The members of an object, to stand behind others: `,"a":1`.
std::string more_members(std::string_view object) {
  if (object.size() <= 2) return {};
  return "," + std::string(object.substr(1, object.size() - 2));
}

}  // namespace

/// What was measured is kept however the attempt ended: also an alarm is history.
void RunMachine::write_point(Step& step, TaskIndex task, const Outcome& outcome) {
  if (!outcome.measurement.has_value()) return;
  const Measurement& measured = *outcome.measurement;
  step.out.changes.points.push_back({measured.series, stands_for(run_.created_at, run_.scheduled),
                                     run_.no, path_of(task), measured.verdict, measured.facts});
}

void RunMachine::write_hold(Step& step, HoldRow& row, HoldState to) {
  row.state = to;
  step.out.changes.holds.push_back(row);
  row.from = to;
}

bool RunMachine::approved(TaskIndex task) const {
  const auto found = holds_.find(task);
  return found != holds_.end() && found->second.state == HoldState::kApproved;
}

/// The attempt did its work, and asks for a person before the task may complete.
void RunMachine::hold(Step& step, TaskIndex task, const Outcome& outcome) {
  AttemptLive& live = live_.at(task);
  const TaskSpec& spec = spec_of(task);
  write_attempt(step, live, AttemptState::kCompleted);
  if ((run_.cancel_requested || run_.error.has_value()) && !spared(task)) {  // nobody is asked then
    write_history(step, path_of(task), live.row.attempt, TaskState::kCancelled,
                  AttemptState::kCompleted, "it was to be held: " + outcome.hold);
    end_task(step, task, TaskState::kCancelled, TaskRow{});
    return;
  }
  // A person's time is not the task's, but of a pause, which has no other.
  if (spec.timeout > 0 && spec.wait.what != WaitFor::kPerson) {
    step.shared.timers.remove({live.first_at + spec.timeout, run_.no, task, TimerKind::kTask});
  }
  HoldRow row;
  const auto before = holds_.find(task);
  if (before != holds_.end()) row.from = before->second.from;
  row.run = run_.no;
  row.path = path_of(task);
  row.attempt = live.row.attempt;
  row.reason = outcome.hold;
  row.held_at = step.now;
  tasks_[task].held = true;
  ++held_;
  write_hold(step, holds_[task] = std::move(row), HoldState::kHeld);
  tell_of_hold(step, task, holds_.at(task));
  const bool was_pending = tasks_[task].state == TaskState::kPending;
  write_task(step, task, TaskState::kPending, TaskRow{});
  write_history(step, path_of(task), live.row.attempt,
                was_pending ? std::nullopt : std::optional(TaskState::kPending),
                AttemptState::kCompleted, "held: " + outcome.hold);
}

Result<TaskIndex> RunMachine::held_task(const std::string& path) const {
  if (!path.empty()) {
    const TaskIndex task = find(path);
    if (task != kNoTask) return task;
    if (stands_in_item(path) && by_path_.contains(task_in_path(path))) {
      return fail(ErrorCode::kConflict,
                  fmt::format("task '{}' of run {} is not held: its item has ended, or not begun",
                              path, run_.no));
    }
    return fail(ErrorCode::kNotFound, fmt::format("run {} has no task '{}'", run_.no, path));
  }
  std::string names;
  TaskIndex only = 0;
  for (TaskIndex task = 0; task < tasks_.size(); ++task) {
    if (!tasks_[task].held) continue;
    names += (names.empty() ? "" : ", ") + path_of(task);
    only = task;
  }
  if (held_ == 1) return only;
  if (held_ == 0) {
    return fail(ErrorCode::kConflict, fmt::format("no task of run {} is held", run_.no));
  }
  return fail(ErrorCode::kConflict,
              fmt::format("run {} has several tasks that are held; name one: {}", run_.no, names));
}

Result<> RunMachine::decide(Step& step, const HoldDecision& decision) {
  TRY_ASSIGN(const TaskIndex task, held_task(decision.path));
  const HoldState to = decision.approve ? HoldState::kApproved : HoldState::kRejected;
  const auto found = holds_.find(task);
  if (!tasks_[task].held) {
    if (found != holds_.end() && found->second.state == to) return {};  // said again
    return fail(ErrorCode::kConflict,
                fmt::format("task '{}' of run {} is not held{}", path_of(task), run_.no,
                            found == holds_.end()
                                ? ""
                                : fmt::format(": it was {}", to_string(found->second.state))));
  }
  if (decision.approve && decision.values.empty() != spec_of(task).inputs.empty()) {
    return fail(
        ErrorCode::kInvalidArgument,
        decision.values.empty()
            ? fmt::format("task '{}' of run {} asks for {}", path_of(task), run_.no,
                          describe_inputs(spec_of(task).inputs))
            : fmt::format("task '{}' of run {} asks for no inputs", path_of(task), run_.no));
  }
  HoldRow& row = found->second;
  row.by = decision.by;
  row.note = decision.note;
  row.decided_at = step.now;
  write_hold(step, row, to);
  tasks_[task].held = false;
  --held_;
  go_on(step, {});
  if (decision.approve) {
    approve(step, task, decision.values);
  } else {
    reject(step, task);
  }
  open_sections(step);
  return {};
}

void RunMachine::approve(Step& step, TaskIndex task, const std::string& values) {
  const HoldRow& row = holds_.at(task);
  AttemptLive& live = live_.at(task);
  const TaskSpec& spec = spec_of(task);
  if (spec.wait.what == WaitFor::kPerson) {
    return end_wait(
        step, task,
        fmt::format(R"({{"approved":true,"by":{},"note":{}{}}})", json_string(row.by),
                    json_string(row.note), more_members(values)),
        fmt::format("approved by {}{}{}", row.by, row.note.empty() ? "" : ": ", row.note));
  }
  live.first_at = step.now;
  if (spec.timeout > 0) {
    step.shared.timers.add({live.first_at + spec.timeout, run_.no, task, TimerKind::kTask});
  }
  write_task(step, task, TaskState::kPending, TaskRow{});
  write_history(step, path_of(task), row.attempt, std::nullopt, std::nullopt,
                fmt::format("approved by {}{}{}", row.by, row.note.empty() ? "" : ": ", row.note));
  list(task);
}

void RunMachine::reject(Step& step, TaskIndex task) {
  const HoldRow& row = holds_.at(task);
  TaskRow details;
  details.error =
      owned(make_task_error(TaskErrorCode::kHoldRejected, Phase::kResult,
                            fmt::format("rejected by {}{}{} (it was held: {})", row.by,
                                        row.note.empty() ? "" : ": ", row.note, row.reason)),
            task);
  write_history(step, path_of(task), row.attempt, TaskState::kError, std::nullopt,
                "HOLD_REJECTED: " + details.error->message);
  end_task(step, task, TaskState::kError, details);
}

/// Nothing of the run moves, or will by itself: a pause that is left when its time is up does.
bool RunMachine::is_still() const {
  if (held_ == 0 || unproven_ > 0 || has_work()) return false;
  if (live_.size() != held_) return false;  // between attempts
  for (const auto& [task, live] : live_) {
    const TaskSpec& spec = spec_of(task);
    if (spec.wait.what == WaitFor::kPerson && spec.timeout > 0) return false;
  }
  return std::ranges::none_of(tasks_, &TaskLive::wants_slot);
}

void RunMachine::pause_if_still(Step& step) {
  if (run_.state != RunState::kRunning || !is_still()) return;
  write_run(step, RunState::kPaused, "");
}

void RunMachine::go_on(Step& step, std::string why) {
  if (run_.state == RunState::kPaused) write_run(step, RunState::kRunning, std::move(why));
}

}  // namespace cordyna::engine
