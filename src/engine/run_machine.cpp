#include "engine/run_machine.hpp"

#include <fmt/format.h>

#include <utility>

#include "base/check.hpp"
#include "engine/late.hpp"
#include "engine/retry.hpp"
#include "model/task_server.hpp"

namespace cordyna::engine {
namespace {

/// A live attempt's phase as the time limit that ran out names it.
struct PhaseLimit {
  TaskErrorCode code;
  Phase phase;
  Millis limit;
};

PhaseLimit phase_limit(AttemptState state, const Timeouts& timeouts) {
  switch (state) {
    case AttemptState::kCreated:
    case AttemptState::kDispatched:
      return {TaskErrorCode::kTimeoutAcknowledge, Phase::kAcknowledge, timeouts.acknowledge};
    case AttemptState::kAcknowledged:
      return {TaskErrorCode::kTimeoutStart, Phase::kStart, timeouts.start};
    case AttemptState::kStarted:
    case AttemptState::kCompleted:
    case AttemptState::kFailed:
    case AttemptState::kCancelled: break;
  }
  return {TaskErrorCode::kTimeoutComplete, Phase::kRun, timeouts.complete};
}

std::string history_detail(const TaskError& error) {
  return fmt::format("{}: {}", info(error.code).name, error.message);
}

}  // namespace

RunMachine::RunMachine(Step& step, RunStart start) : flow_(start.flow), graph_(*flow_) {
  run_ = row_of(start, step.now);
  run_.started_at = step.now;
  run_.deadline_at = flow_->timeout > 0 ? step.now + flow_->timeout : 0;
  run_.state = RunState::kRunning;
  RunSnapshot fresh = record(run_, std::move(start), {}, step.now, step.out);
  step.shared.admission.note(run_);
  seq_ = fresh.history_seq;
  restore_tasks(step, fresh);
}

RunMachine::RunMachine(Step& step, RunSnapshot snapshot, std::shared_ptr<const Flow> flow)
    : flow_(std::move(flow)), graph_(*flow_), run_(snapshot.run) {
  seq_ = snapshot.history_seq;
  run_.warnings = 0;  // counted again from the tasks
  restore_tasks(step, snapshot);
}

void RunMachine::begin(Step& step) {
  run_.started_at = step.now;
  last_at_ = step.now;
  if (flow_->timeout > 0) {
    run_.deadline_at = step.now + flow_->timeout;
    step.shared.timers.add({run_.deadline_at, run_.no, 0, TimerKind::kRun});
  }
  write_run(step, RunState::kRunning, {});
}

void RunMachine::list(TaskIndex task) {
  if (std::exchange(tasks_[task].listed, true)) return;
  dirty_.push_back(task);
}

bool RunMachine::section_open(TaskIndex task) const {
  return spec_of(task).section == section_;
}

void RunMachine::begin_attempt(Step& step, TaskIndex task, AttemptState state,
                               const SlotTurn& turn) {
  TaskLive& live = tasks_[task];
  AttemptLive& attempt = live_[task];
  const bool again = attempt.came_back();
  if (!again) ++live.attempt;
  if (attempt.first_at == 0) {
    attempt.first_at = step.now;
    const Millis limit = spec_of(task).timeout;
    if (limit > 0) step.shared.timers.add({step.now + limit, run_.no, task, TimerKind::kTask});
  }
  attempt.retry_at = 0;
  if (!again) attempt.row = AttemptRow{};
  attempt.row.run = run_.no;
  attempt.row.path = path_of(task);
  attempt.row.attempt = live.attempt;
  if (!again) attempt.row.created_at = step.now;
  attempt.row.state = AttemptState::kCreated;
  attempt.row.pool = spec_of(task).pool;
  attempt.row.place = turn.place;
  if (state != AttemptState::kDispatched) return;
  attempt.row.dispatched_at = step.now;
  attempt.row.known_dead = false;
  arm_phase(step, attempt, task, spec_of(task).timeouts.acknowledge);
  write_attempt(step, attempt, AttemptState::kDispatched);
  write_task(step, task, TaskState::kPending, TaskRow{});
  write_history(step, attempt.row.path, live.attempt, std::nullopt, AttemptState::kDispatched,
                turn.reason);
}

bool RunMachine::wants_slot(TaskIndex task) const {
  return tasks_[task].wants_slot && !ended() && tasks_[task].state == TaskState::kPending;
}

bool RunMachine::hand_out(Step& step, const SlotTurn& turn) {
  const TaskIndex task = turn.request.task;
  TaskLive& live = tasks_[task];
  if (!std::exchange(live.wants_slot, false)) return false;
  if (ended() || live.state != TaskState::kPending) return false;
  begin_attempt(step, task, AttemptState::kDispatched, turn);
  step.shared.slots.take(live_[task], step.now);
  ++unproven_;
  step.out.starts.push_back(command(step, task));
  return true;
}

/// An attempt that another run carries out: it takes no slot, those of that run do.
void RunMachine::ask_for_run(Step& step, TaskIndex task) {
  begin_attempt(step, task, AttemptState::kDispatched);
  ++unproven_;
  step.out.starts.push_back(command(step, task));
}

Result<std::string> RunMachine::render_message(Step& step, TaskIndex task) const {
  const std::string& message = spec_of(task).message;
  if (message.find('{') == std::string::npos) return message;  // no template: no context either
  return step.evaluator.render(message, context(task, tasks_[task].attempt));
}

void RunMachine::run_in_engine(Step& step, TaskIndex task) {
  if (live_.contains(task)) return look_again(step, task);
  const TaskSpec& spec = spec_of(task);
  begin_attempt(step, task, AttemptState::kCreated);
  AttemptLive& live = live_[task];
  live.row.ended_at = step.now;
  auto message = render_message(step, task);
  if (!message.has_value()) {
    return fail_in_engine(step, task,
                          make_task_error(TaskErrorCode::kTemplateFailed, Phase::kPrepare,
                                          std::move(message.error().message)));
  }
  if (spec.type == "fail") {
    return fail_in_engine(
        step, task,
        make_task_error(TaskErrorCode::kFailedByFlow, Phase::kRun, std::move(*message)));
  }
  if (is_switch(task)) return open_switch(step, task);
  if (is_foreach(task)) return open_loop(step, task);
  if (spec.wait.what != WaitFor::kNothing) return begin_wait(step, task, std::move(*message));
  write_attempt(step, live, AttemptState::kCompleted);
  write_history(step, path_of(task), live.row.attempt, TaskState::kCompleted,
                AttemptState::kCompleted, std::move(*message));
  end_task(step, task, TaskState::kCompleted, {});
}

/// The attempt of an engine task failed, and with it the task: there is nothing to try again.
void RunMachine::fail_in_engine(Step& step, TaskIndex task, TaskError error) {
  AttemptLive& live = live_.at(task);
  live.row.error = owned(std::move(error), task);
  TaskRow details;
  details.error = live.row.error;
  write_attempt(step, live, AttemptState::kFailed);
  write_history(step, live.row.path, live.row.attempt, TaskState::kError, AttemptState::kFailed,
                history_detail(*details.error));
  end_task(step, task, TaskState::kError, details);
}

void RunMachine::report(Step& step, const AttemptReport& report) {
  const TaskIndex task = find(report.key.path);
  if (ended() || task == kNoTask) return;
  const auto live = live_.find(task);
  if (live == live_.end() || live->second.row.attempt != report.key.attempt) return;
  const AttemptState state = live->second.row.state;
  switch (report.kind) {
    case ReportKind::kAcknowledged:
      if (can_follow(state, AttemptState::kAcknowledged))
        progress(step, task, AttemptState::kAcknowledged, {});
      return;
    case ReportKind::kStarted:
      if (can_follow(state, AttemptState::kStarted)) {
        progress(step, task, AttemptState::kStarted, report.detail);
      }
      return;
    case ReportKind::kReturned:
      if (can_follow(state, AttemptState::kCreated)) take_back(step, task, report);
      return;
    case ReportKind::kEnded:
      if (live->second.is_out()) {
        end_attempt(step, task, report.outcome);
      } else if (!live->second.row.known_dead) {
        release(step, task);
      }
      return;
  }
}

void RunMachine::progress(Step& step, TaskIndex task, AttemptState state, std::string detail) {
  AttemptLive& live = live_.at(task);
  const Timeouts& timeouts = spec_of(task).timeouts;
  const bool started = state == AttemptState::kStarted;
  (started ? live.row.started_at : live.row.acknowledged_at) = step.now;
  if (started) unwatch_stuck(step, task);
  arm_phase(step, live, task, started ? timeouts.complete : timeouts.start);
  write_attempt(step, live, state);
  const TaskState to = started ? TaskState::kStarted : TaskState::kQueued;
  write_task(step, task, to, TaskRow{});
  write_history(step, live.row.path, live.row.attempt, to, state, std::move(detail));
}

/// Who it was handed to does not take it: it waits for a slot again, perhaps a while, and is none
/// of the attempts that the task has.
void RunMachine::take_back(Step& step, TaskIndex task, const AttemptReport& report) {
  AttemptLive& live = live_.at(task);
  arm_phase(step, live, task, 0);
  live.row.dispatched_at = 0;
  live.row.known_dead = true;
  --unproven_;
  step.shared.slots.give_back(live);
  write_attempt(step, live, AttemptState::kCreated);
  if (live.row.cancel_requested) {
    write_attempt(step, live, AttemptState::kCancelled);
    write_history(step, live.row.path, live.row.attempt, TaskState::kCancelled,
                  AttemptState::kCancelled, report.detail);
    end_task(step, task, TaskState::kCancelled, {});
    return open_sections(step);
  }
  TaskRow details;
  if (report.not_before > 0) {
    live.retry_at = step.now + report.not_before;
    details.retry_at = live.retry_at;
    step.shared.timers.add({live.retry_at, run_.no, task, TimerKind::kRetry});
  }
  write_task(step, task, TaskState::kPending, details);
  write_history(step, live.row.path, live.row.attempt, std::nullopt, AttemptState::kCreated,
                report.detail);
  if (live.retry_at <= step.now) list(task);
}

/// The attempt ended, and nothing of it runs any more.
void RunMachine::end_attempt(Step& step, TaskIndex task, const Outcome& outcome) {
  AttemptLive& live = live_.at(task);
  arm_phase(step, live, task, 0);
  live.row.ended_at = step.now;
  live.row.known_dead = true;
  --unproven_;
  step.shared.slots.give_back(live);

  write_point(step, task, outcome);
  TaskRow details;
  if (outcome.state == AttemptState::kCompleted && !outcome.hold.empty()) {
    hold(step, task, outcome);
  } else if (outcome.state == AttemptState::kCompleted) {
    details.outputs = outcome.outputs;
    details.warnings = outcome.warnings;
    write_attempt(step, live, AttemptState::kCompleted);
    write_history(step, live.row.path, live.row.attempt, TaskState::kCompleted,
                  AttemptState::kCompleted, outcome.note);
    run_.warnings += outcome.warnings;
    end_task(step, task, TaskState::kCompleted, details);
  } else if (outcome.state == AttemptState::kCancelled && live.row.cancel_requested) {
    write_attempt(step, live, AttemptState::kCancelled);
    write_history(step, live.row.path, live.row.attempt, TaskState::kCancelled,
                  AttemptState::kCancelled, {});
    end_task(step, task, TaskState::kCancelled, details);
  } else {
    const TaskError error =
        owned(outcome.error.has_value()
                  ? *outcome.error
                  : make_task_error(
                        TaskErrorCode::kLost, Phase::kInfra,
                        "the attempt was ended from outside, although nobody here asked for it"),
              task);
    retry_or_fail(step, task, live, error);
  }
  open_sections(step);
}

void RunMachine::retry_or_fail(Step& step, TaskIndex task, AttemptLive& live,
                               const TaskError& error) {
  const TaskSpec& spec = spec_of(task);
  unwatch_stuck(step, task);
  live.row.error = error;
  write_attempt(step, live, AttemptState::kFailed);
  TaskRow details;
  details.error = error;
  // A script that looks may look as often as its time allows.
  const bool looks = spec.wait.what == WaitFor::kScript;
  const bool again =
      !live.row.cancel_requested && !(run_.cancel_requested && spec.section != Section::kFinally) &&
      (looks ? error.retryable
             : should_retry(spec.retry, live.row.attempt - (approved(task) ? 1 : 0), error));
  if (!again) {
    write_history(step, path_of(task), live.row.attempt, TaskState::kError, AttemptState::kFailed,
                  history_detail(error));
    end_task(step, task, TaskState::kError, details);
    return;
  }
  live.retry_at =
      step.now + (looks ? spec.wait.time
                        : retry_delay(spec.retry, live.row.attempt, run_.id.value + path_of(task)));
  details.retry_at = live.retry_at;
  const bool was_pending = tasks_[task].state == TaskState::kPending;
  write_task(step, task, TaskState::kPending, details);
  write_history(step, path_of(task), live.row.attempt,
                was_pending ? std::nullopt : std::optional(TaskState::kPending),
                AttemptState::kFailed, (looks ? "not yet: " : "") + history_detail(error));
  step.shared.timers.add({live.retry_at, run_.no, task, TimerKind::kRetry});
  if (!looks) tell_of_retry(step, task, error);
}

/// A limit ran out: the attempt has failed now, but may still run until that is proven.
void RunMachine::time_out(Step& step, TaskIndex task, TaskErrorCode code, Phase phase,
                          Millis limit) {
  AttemptLive& live = live_.at(task);
  arm_phase(step, live, task, 0);
  live.row.ended_at = step.now;
  const TaskError error =
      owned(make_task_error(
                code, phase,
                fmt::format("{}not {} within {}",
                            is_line(live.row.pool)
                                ? fmt::format("task server '{}': ", server_of_line(live.row.pool))
                                : "",
                            phase == Phase::kAcknowledge ? "acknowledged"
                            : phase == Phase::kStart     ? "started"
                                                         : "completed",
                            format_delay(limit))),
            task);
  tell_to_end(step, task, CancelReason::kTimeout);
  retry_or_fail(step, task, live, error);
}

/// Proof that a failed attempt is dead: its slot is free, and its next attempt may come.
void RunMachine::release(Step& step, TaskIndex task) {
  AttemptLive& live = live_.at(task);
  live.row.known_dead = true;
  --unproven_;
  step.shared.slots.give_back(live);
  write_attempt(step, live, live.row.state);
  write_history(step, live.row.path, live.row.attempt, std::nullopt, std::nullopt,
                "late: the attempt that had failed is known to be dead");
  if (is_final(tasks_[task].state)) {
    live_.erase(task);
    note_item(task, false);
  } else if (live.retry_at <= step.now) {
    list(task);
  }
  open_sections(step);
}

void RunMachine::on_timer(Step& step, const Timer& timer) {
  if (ended()) return;
  if (timer.kind == TimerKind::kRun) return time_out_run(step);
  if (timer.kind == TimerKind::kLate) {
    step.out.changes.notices.push_back(late_notice(run_, *flow_, step.now));
    return;
  }
  if (timer.kind == TimerKind::kStuck) return tell_of_stuck(step, timer.task);
  const auto found = live_.find(timer.task);
  if (found == live_.end()) return;
  AttemptLive& live = found->second;
  const TaskSpec& spec = spec_of(timer.task);
  if (tasks_[timer.task].held) {  // else removed, or of a time before a restart
    if (timer.kind == TimerKind::kTask && spec.wait.what == WaitFor::kPerson) {
      time_out_hold(step, timer.task);
      open_sections(step);
    }
    return;
  }
  if (timer.kind == TimerKind::kRetry) {
    if (tasks_[timer.task].state == TaskState::kPending) list(timer.task);
    return;
  }
  const bool alive = live.is_out();
  if (timer.kind == TimerKind::kPhase) {
    if (!alive) return;
    const PhaseLimit what = phase_limit(live.row.state, spec.timeouts);
    time_out(step, timer.task, what.code, what.phase, what.limit);
  } else if (alive) {
    time_out(step, timer.task, TaskErrorCode::kTimeoutTotal, Phase::kRun, spec.timeout);
  } else if (!is_final(tasks_[timer.task].state)) {
    TaskRow details;
    details.error =
        owned(make_task_error(TaskErrorCode::kTimeoutTotal, Phase::kRun,
                              fmt::format("not completed within {}, {}", format_delay(spec.timeout),
                                          spec.wait.what == WaitFor::kNothing
                                              ? "with retries"
                                              : "what it waits for does not hold")),
              timer.task);
    const bool came_back = live.came_back();
    if (came_back) {
      live.row.error = details.error;
      write_attempt(step, live, AttemptState::kFailed);
    }
    write_history(step, path_of(timer.task), live.row.attempt, TaskState::kError,
                  came_back ? std::optional(AttemptState::kFailed) : std::nullopt,
                  history_detail(*details.error));
    end_task(step, timer.task, TaskState::kError, details);
  }
  open_sections(step);
}

}  // namespace cordyna::engine
