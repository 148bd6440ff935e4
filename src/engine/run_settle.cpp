// How a run machine works off its list: trigger rules, conditions, sections, cancels, the end of a
// run; and how it finds its place again from rows.
#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "base/check.hpp"
#include "engine/late.hpp"
#include "engine/run_machine.hpp"

namespace cordyna::engine {
namespace {

/// After a restart, a task server has so long to come back and say what became of its attempts,
/// whose limits may have passed meanwhile; then they fire. A little longer than after what time
/// attempts of a server that does not come back are lost.
constexpr Millis kServerReturn = 330'000;

}  // namespace

UpstreamCounts RunMachine::count_upstreams(TaskIndex task) const {
  const TaskSpec& spec = spec_of(task);
  UpstreamCounts counts;
  for (const TaskIndex need : spec.needs) {
    const TaskIndex up = beside(task, need);
    switch (upstream_end(tasks_[up].state, spec_of(up).allow_failure, spec.trigger_rule)) {
      case UpstreamEnd::kNotYet: ++counts.waiting; break;
      case UpstreamEnd::kCompleted: ++counts.completed; break;
      case UpstreamEnd::kSkipped: ++counts.skipped; break;
      case UpstreamEnd::kFailed: ++counts.failed; break;
    }
  }
  return counts;
}

/// The task at the root: the upstream that failed, or what that one was blocked by.
std::string RunMachine::blocker_of(TaskIndex task) const {
  const TaskSpec& spec = spec_of(task);
  for (const TaskIndex need : spec.needs) {
    const TaskIndex up = beside(task, need);
    const auto end = upstream_end(tasks_[up].state, spec_of(up).allow_failure, spec.trigger_rule);
    if (end != UpstreamEnd::kFailed) continue;
    return root_of(up);
  }
  return {};
}

std::size_t RunMachine::settle(Step& step, std::size_t budget) {
  while (budget > 0 && !ended()) {
    if (sweep_ < sweep_end_) {
      sweep_task(step, sweep_++);
    } else if (!dirty_.empty()) {
      const TaskIndex task = dirty_.front();
      dirty_.pop_front();
      tasks_[task].listed = false;
      settle_task(step, task);
    } else {
      break;
    }
    --budget;
  }
  if (!has_work()) open_sections(step);
  return budget;
}

/// Whether what comes before a task, and its own condition, let it run. Otherwise it waits, or has
/// ended.
bool RunMachine::let_run(Step& step, TaskIndex task) {
  if (!gate_open(step, task)) return false;
  const TaskSpec& spec = spec_of(task);
  const auto end_as = [&](TaskState state, TaskRow details, std::string why) {
    write_history(step, path_of(task), 0, state, std::nullopt, std::move(why));
    end_task(step, task, state, details);
    return false;
  };
  const Verdict verdict = judge(spec.trigger_rule, count_upstreams(task));
  if (verdict == Verdict::kWait) return false;
  if (verdict == Verdict::kBlock) {
    TaskRow details;
    details.blocked_by = blocker_of(task);
    std::string why = "blocked by " + details.blocked_by;
    return end_as(TaskState::kBlocked, std::move(details), std::move(why));
  }
  if (verdict == Verdict::kSkip) {
    return end_as(TaskState::kSkipped, {},
                  fmt::format("trigger_rule {} is not met", to_string(spec.trigger_rule)));
  }
  if (spec.disabled) return end_as(TaskState::kSkipped, {}, "disabled");
  if (!spec.run_if.empty()) {
    const auto holds = step.evaluator.condition(spec.run_if, context(task, 1));
    if (!holds.has_value()) {
      TaskRow details;
      details.error = owned(make_task_error(TaskErrorCode::kConditionFailed, Phase::kPrepare,
                                            "run_if: " + holds.error().message),
                            task);
      std::string why = fmt::format("CONDITION_FAILED: {}", details.error->message);
      return end_as(TaskState::kError, std::move(details), std::move(why));
    }
    if (!*holds) return end_as(TaskState::kSkipped, {}, "run_if is false");
  }
  return true;
}

void RunMachine::settle_task(Step& step, TaskIndex task) {
  const TaskSpec& spec = spec_of(task);
  TaskLive& live = tasks_[task];
  if (loops_.contains(task)) return go_on_loop(step, task);
  if (live.state == TaskState::kStarted && is_switch(task)) return close_switch(step, task);
  if (live.state != TaskState::kPending || live.wants_slot || !section_open(task)) return;

  const auto attempt = live_.find(task);
  if (attempt != live_.end()) {  // between attempts: its upstreams were judged before the first
    if (live.held) return;
    if (!attempt->second.row.known_dead) return;
    if (attempt->second.retry_at > step.now) return;
  }
  if (is_broken(task)) {
    write_history(step, path_of(task), live.attempt, TaskState::kCancelled, std::nullopt,
                  "its item cannot be made again");
    return end_task(step, task, TaskState::kCancelled, {});
  }
  if (attempt == live_.end() && !let_run(step, task)) return;
  if (spec.kind == TaskKind::kEngine) return run_in_engine(step, task);
  if (spec.kind == TaskKind::kRun) return ask_for_run(step, task);
  live.wants_slot = true;
  watch_stuck(step, task, step.now);
  step.shared.slots.want({run_.no, task, spec.priority}, spec.pool, spec.place);
}

/// What the end of a task means for those that need it, and for its section.
void RunMachine::after_end(TaskIndex task) {
  const TaskSpec& spec = spec_of(task);
  --open_[static_cast<std::size_t>(spec.section)];
  for (const TaskIndex other : graph_.downstream(tasks_[task].spec)) {
    const TaskIndex down = beside(task, other);
    CHECK(tasks_[down].waiting > 0);
    --tasks_[down].waiting;
    const TriggerRule rule = spec_of(down).trigger_rule;
    const UpstreamEnd end = upstream_end(tasks_[task].state, spec.allow_failure, rule);
    if (tasks_[down].waiting == 0 || decides_early(rule, end)) list(down);
  }
  if (is_switch(task)) list_inside(task);
  note_item(task, true);
  const TaskIndex outer = outer_of(task);
  if (outer == kNoTask || is_foreach(outer) || --inside_open_.at(outer) > 0) return;
  if (tasks_[outer].state == TaskState::kStarted) list(outer);
}

/// Whether `errors` tasks are to run. Once one has been handed out they were wanted, and that stays
/// so, whatever was found out about the run meanwhile (a restart asks again).
bool RunMachine::errors_wanted() const {
  const auto begun = [&](const TaskSpec& spec) {
    return spec.section == Section::kErrors && tasks_[by_path_.at(spec.id)].attempt > 0;
  };
  if (error_seen_ && !run_.cancel_requested && !run_.error.has_value()) return true;
  return std::ranges::any_of(flow_->tasks, begun);
}

/// Opens the next section when the present one has ended, and ends the run after the last.
void RunMachine::open_sections(Step& step) {
  while (!ended() && open_[static_cast<std::size_t>(section_)] == 0) {
    if (section_ == Section::kFinally) {
      if (unproven_ == 0) finish(step);
      return;
    }
    section_ = section_ == Section::kTasks ? Section::kErrors : Section::kFinally;
    const bool wanted = section_ == Section::kFinally || errors_wanted();
    bool any = false;
    for (TaskIndex task = 0; task < tasks_.size(); ++task) {
      if (!section_open(task) || is_final(tasks_[task].state)) continue;
      if (wanted) {
        list(task);
        any = true;
      } else {
        write_history(step, path_of(task), 0, TaskState::kSkipped, std::nullopt,
                      "no task ended in error");
        end_task(step, task, TaskState::kSkipped, {});
      }
    }
    if (any) return;
  }
  if (!ended()) pause_if_still(step);
}

void RunMachine::finish(Step& step) {
  RunState to = RunState::kCompleted;
  if (run_.cancel_requested) {
    to = RunState::kCancelled;
  } else if (error_seen_ || run_.error.has_value()) {
    to = RunState::kError;
  } else if (warning_seen_) {
    to = RunState::kWarning;
  }
  run_.ended_at = step.now;
  if (run_.deadline_at > 0)
    step.shared.timers.remove({run_.deadline_at, run_.no, 0, TimerKind::kRun});
  unwatch_late(step.shared.timers, run_, *flow_);
  std::string detail;
  if (run_.error.has_value()) detail = run_.error->message;
  if (flow_->outputs.size() > 2 && (to == RunState::kCompleted || to == RunState::kWarning)) {
    std::string names = "{" + names_of(*flow_, run_) + ",\"outputs\":{";
    bool first = true;
    for (TaskIndex task = 0; task < tasks_.size(); ++task) {
      const auto found = outputs_.find(task);
      if (found == outputs_.end()) continue;
      names += fmt::format("{}\"{}\":{}", std::exchange(first, false) ? "" : ",", path_of(task),
                           found->second);
    }
    auto outputs = step.evaluator.render_json(flow_->outputs, names + "}}");
    if (outputs.has_value()) {
      run_.outputs = std::move(*outputs);
    } else {
      to = RunState::kError;
      detail = "outputs: " + outputs.error().message;
      run_.error = make_task_error(TaskErrorCode::kTemplateFailed, Phase::kResult, detail);
      run_.error->owner = flow_->owner;
    }
  }
  if (flow_->outputs.size() <= 2) give_what_server_gave();
  if (to == RunState::kError) tell_of_run(step);
  write_run(step, to, std::move(detail));
  step.out.ended.push_back(run_.no);
}

/// A flow that is one task of a server, and what that needs, gives what the task does.
void RunMachine::give_what_server_gave() {
  TaskIndex served = kNoTask;
  for (TaskIndex task = 0; task < flow_->tasks.size(); ++task) {
    if (flow_->tasks[task].kind != TaskKind::kServed) continue;
    if (served != kNoTask) return;
    served = task;
  }
  const auto found = outputs_.find(served);
  if (found != outputs_.end()) run_.outputs = found->second;
}

void RunMachine::cancel(Step& step, std::string why) {
  if (ended()) return;
  if (run_.cancel_requested) {
    cancel_finally_ = true;
  } else {
    run_.cancel_requested = true;
    if (run_.state == RunState::kPaused) {
      go_on(step, std::move(why));
    } else {
      write_run(step, run_.state, std::move(why));
    }
  }
  sweep_ = 0;
  sweep_end_ = static_cast<TaskIndex>(tasks_.size());
}

void RunMachine::time_out_run(Step& step) {
  run_.error = make_task_error(TaskErrorCode::kTimeoutTotal, Phase::kRun,
                               "the run did not complete within " + format_delay(flow_->timeout));
  run_.error->owner = flow_->owner;
  write_run(step, RunState::kRunning, "TIMEOUT_TOTAL: " + run_.error->message);
  sweep_ = 0;
  sweep_end_ = static_cast<TaskIndex>(tasks_.size());
}

bool RunMachine::spared(TaskIndex task) const {
  return spec_of(task).section == Section::kFinally && !cancel_finally_;
}

/// One task of a run that is to end: the live are told to, the waiting end here.
void RunMachine::sweep_task(Step& step, TaskIndex task) {
  if (spared(task) || is_final(tasks_[task].state)) return;
  const auto live = live_.find(task);
  if (live != live_.end() && live->second.is_out()) {
    if (!live->second.row.cancel_requested) {
      live->second.row.cancel_requested = true;
      write_attempt(step, live->second, live->second.row.state);
    }
    tell_to_end(step, task, CancelReason::kUser);
    return;
  }
  if (std::exchange(tasks_[task].held, false)) --held_;
  const bool came_back = live != live_.end() && live->second.came_back();
  if (came_back) write_attempt(step, live->second, AttemptState::kCancelled);
  write_history(step, path_of(task), tasks_[task].attempt, TaskState::kCancelled,
                came_back ? std::optional(AttemptState::kCancelled) : std::nullopt,
                run_.cancel_requested ? "the run was cancelled" : "the run's time is used up");
  end_task(step, task, TaskState::kCancelled, {});
}

void RunMachine::adopt(Step& step) {
  for (TaskIndex task = 0; task < tasks_.size(); ++task) {
    const auto live = live_.find(task);
    if (live == live_.end() || !std::exchange(live->second.to_adopt, false)) continue;
    // What is about to be cancelled is not adopted: an attempt that was never begun would be
    // started for it. A run that an attempt began is known by its adoption alone.
    const bool doomed = sweep_ < sweep_end_ && !spared(task);
    const bool alive = !is_final(live->second.row.state) && !doomed;
    if (alive || spec_of(task).kind == TaskKind::kRun)
      step.out.adoptions.push_back(command(step, task));
  }
}

/// Takes the rows over: states, counts, live attempts, timers; then lists every task that could
/// move.
void RunMachine::restore_tasks(Step& step, RunSnapshot& snapshot) {
  make_roots();
  step.shared.slots.forget_holders(run_.no);
  last_at_ = run_.started_at;
  for (TaskIndex task = 0; task < tasks_.size(); ++task)
    by_path_.emplace(flow_->tasks[task].id, task);
  vars_ = render_vars(*flow_, run_, step.evaluator);
  for (const TaskRow& row : snapshot.tasks) {
    if (!stands_in_item(row.path)) restore_task(row);
  }
  restore_items(step, snapshot);
  for (HoldRow& row : snapshot.holds) restore_hold(row);
  for (const AttemptRow& row : snapshot.attempts) restore_attempt(step, row);

  for (TaskIndex task = 0; task < tasks_.size(); ++task) count_in(task);
  for (TaskIndex task = 0; task < tasks_.size(); ++task) {
    const bool opened = is_open(task);
    const bool pending = tasks_[task].state == TaskState::kPending;
    if (((pending || opened) && section_open(task)) || loops_.contains(task)) list(task);
  }
  if (run_.deadline_at > 0) step.shared.timers.add({run_.deadline_at, run_.no, 0, TimerKind::kRun});
  watch_late(step.shared.timers, run_, *flow_);
  if (run_.cancel_requested || run_.error.has_value())
    sweep_end_ = static_cast<TaskIndex>(tasks_.size());
}

void RunMachine::restore_hold(HoldRow& row) {
  const TaskIndex task = find(row.path);
  if (task == kNoTask) return;
  row.from = row.state;
  // A task that was swept while it was held has ended, and nobody decided.
  if (row.state == HoldState::kHeld && !is_final(tasks_[task].state)) {
    tasks_[task].held = true;
    ++held_;
  }
  holds_[task] = std::move(row);
}

void RunMachine::restore_task(const TaskRow& row) {
  const TaskIndex task = find(row.path);
  if (task == kNoTask) return;
  TaskLive& live = tasks_[task];
  live.state = row.state;
  live.attempt = row.attempt;
  live.ended_at = row.ended_at;
  live.stored = true;
  if (!row.outputs.empty()) outputs_[task] = row.outputs;
  if (!row.blocked_by.empty()) blocked_by_[task] = row.blocked_by;
  note_end(tasks_[task].spec, row);
  if (row.state == TaskState::kError || row.state == TaskState::kBlocked) restore_notice(task, row);
  run_.warnings += row.warnings;
  if (row.state == TaskState::kStarted && is_foreach(task)) return;
  if (row.state == TaskState::kStarted && is_switch(task)) return restore_choice(task, row.outputs);
  if (row.first_at > 0 && !is_final(row.state)) {
    live_[task].first_at = row.first_at;
    live_[task].retry_at = row.retry_at;
    live_[task].row.state = AttemptState::kCompleted;  // until its attempt's row comes
  }
}

void RunMachine::restore_attempt(Step& step, const AttemptRow& row) {
  const TaskIndex task = find(row.path);
  if (task == kNoTask) return;
  const bool done = is_final(tasks_[task].state) && row.known_dead;
  if (row.attempt != tasks_[task].attempt || done || is_open(task)) return;
  AttemptLive& live = live_[task];
  live.row = row;
  live.row.from = row.state;
  last_at_ = std::max({last_at_, row.created_at, row.started_at, row.ended_at});
  const TaskSpec& spec = spec_of(task);
  if (spec.timeout > 0 && (!tasks_[task].held || spec.wait.what == WaitFor::kPerson)) {
    step.shared.timers.add({live.first_at + spec.timeout, run_.no, task, TimerKind::kTask});
  }
  if (live.retry_at > 0) step.shared.timers.add({live.retry_at, run_.no, task, TimerKind::kRetry});
  if (row.deadline_at > 0) {
    // A task server has gone on meanwhile: what became of it is known once it has come back.
    if (spec.kind == TaskKind::kServed && !is_final(row.state)) {
      live.row.deadline_at = std::max(row.deadline_at, step.now + kServerReturn);
    }
    step.shared.timers.add({live.row.deadline_at, run_.no, task, TimerKind::kPhase});
  }
  if (row.known_dead) return;
  ++unproven_;
  if (spec.kind == TaskKind::kProcess || spec.kind == TaskKind::kServed) {
    step.shared.slots.take_again(live);
  }
  if (is_final(row.state)) {  // failed by its deadline: its death was not proven yet
    tell_to_end(step, task, CancelReason::kTimeout);
  }
  if (row.state == AttemptState::kDispatched || row.state == AttemptState::kAcknowledged) {
    watch_stuck(step, task, row.created_at);
  }
  live.to_adopt = !is_final(row.state) || spec.kind == TaskKind::kRun;
}

}  // namespace cordyna::engine
