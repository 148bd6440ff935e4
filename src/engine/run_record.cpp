// How a run machine writes what it decided: rows, history, contexts and commands.
#include <fmt/format.h>

#include <utility>

#include "base/check.hpp"
#include "base/json_text.hpp"
#include "engine/run_machine.hpp"
#include "model/run_fields.hpp"

namespace cordyna::engine {
namespace {

std::string_view or_empty_object(const std::string& json) {
  return json.empty() ? std::string_view("{}") : std::string_view(json);
}

std::string describe(const TaskError& error) {
  return fmt::format("{}: {}", info(error.code).name, error.message);
}

}  // namespace

TaskError RunMachine::owned(TaskError error, TaskIndex task) const {
  if (error.owner.empty()) error.owner = spec_of(task).owner;
  if (error.message.empty()) error.message = std::string(info(error.code).meaning);
  return error;
}

void RunMachine::write_run(Step& step, RunState to, std::string detail) {
  const bool changed = to != run_.state;
  CHECK(!changed || can_follow(run_.state, to));
  run_.from = run_.state;
  run_.state = to;
  step.out.changes.runs.push_back(run_);
  step.shared.admission.note(run_);
  if (!changed && detail.empty()) return;
  write_history(step, {}, 0, std::nullopt, std::nullopt, std::move(detail));
  if (changed) step.out.changes.history.back().run_state = to;
}

void RunMachine::write_task(Step& step, TaskIndex task, TaskState to, const TaskRow& details) {
  TaskLive& live = tasks_[task];
  TaskRow row = details;
  row.run = run_.no;
  row.path = path_of(task);
  row.attempt = live.attempt;
  if (live.stored) row.from = live.state;
  row.state = to;
  CHECK(to == live.state || can_follow(live.state, to));
  if (row.first_at == 0) {
    const auto attempt = live_.find(task);
    if (attempt != live_.end()) row.first_at = attempt->second.first_at;
  }
  live.state = to;
  live.stored = true;
  step.out.changes.tasks.push_back(std::move(row));
}

void RunMachine::write_attempt(Step& step, AttemptLive& live, AttemptState to) {
  CHECK(to == live.row.state || can_follow(live.row.state, to));
  CHECK((to == AttemptState::kFailed) == live.row.error.has_value());
  live.row.state = to;
  step.out.changes.attempts.push_back(live.row);
  live.row.from = to;
}

void RunMachine::write_history(Step& step, std::string_view path, std::uint32_t attempt,
                               std::optional<TaskState> task, std::optional<AttemptState> state,
                               std::string detail) {
  last_at_ = std::max(last_at_, step.now);
  HistoryRow row;
  row.run = run_.no;
  row.seq = ++seq_;
  row.at = last_at_;
  row.path = std::string(path);
  row.attempt = attempt;
  row.task_state = task;
  row.attempt_state = state;
  row.detail = std::move(detail);
  step.out.changes.history.push_back(std::move(row));
}

std::string RunMachine::context(TaskIndex task, std::uint32_t attempt) const {
  const TaskSpec& spec = spec_of(task);
  std::string out = "{" + names_of(*flow_, run_);
  fmt::format_to(std::back_inserter(out),
                 R"(,"vars":{},"task":{{"id":{},"attempt":{}}},"outputs":{{)",
                 or_empty_object(vars_), json_string(path_of(task)), attempt);
  bool first = true;
  // A server is told what its task needed, though no template names it.
  for (const TaskIndex named : spec.kind == TaskKind::kServed ? spec.needs : spec.refs) {
    const TaskIndex ref = beside(task, named);
    const auto found = outputs_.find(ref);
    if (found == outputs_.end()) continue;
    if (!std::exchange(first, false)) out += ',';
    append_json_string(out, spec_of(ref).id);
    out += ':';
    out += found->second;
    const std::string_view name = name_within(*flow_, tasks_[task].spec, named);
    if (name == spec_of(ref).id) continue;
    out += ',';
    append_json_string(out, name);
    out += ':';
    out += found->second;
  }
  out += '}';
  append_item(out, task);
  if (!first_error_.empty()) {
    out += ",\"error\":";
    out += first_error_;
  }
  out += '}';
  return out;
}

StartAttempt RunMachine::command(const Step& step, TaskIndex task) const {
  StartAttempt start;
  start.key = {run_.no, path_of(task), tasks_[task].attempt};
  start.run_id = run_.id;
  start.task = tasks_[task].spec;
  start.flow = flow_;
  start.context = context(task, tasks_[task].attempt);
  start.run_at = stands_for(run_.created_at, run_.scheduled);
  start.created_at = live_.at(task).row.created_at;
  start.approved = approved(task);
  start.no_cache = run_.no_cache;
  start.timeouts = spec_of(task).timeouts;
  start.scheduled = run_.scheduled;
  start.by_task = run_.parent != 0;
  start.place = step.shared.slots.places().spec_of(live_.at(task).row.place);
  start.acknowledged = live_.at(task).row.state > AttemptState::kDispatched;
  return start;
}

void RunMachine::tell_to_end(Step& step, TaskIndex task, CancelReason reason) const {
  step.out.cancels.push_back({{run_.no, path_of(task), live_.at(task).row.attempt},
                              tasks_[task].spec,
                              reason,
                              run_.id,
                              flow_,
                              step.shared.slots.places().spec_of(live_.at(task).row.place)});
}

void RunMachine::arm_phase(Step& step, AttemptLive& live, TaskIndex task, Millis limit) {
  if (live.row.deadline_at != 0) {
    step.shared.timers.remove({live.row.deadline_at, run_.no, task, TimerKind::kPhase});
  }
  live.row.deadline_at = limit > 0 ? step.now + limit : 0;
  if (limit > 0) step.shared.timers.add({live.row.deadline_at, run_.no, task, TimerKind::kPhase});
}

void RunMachine::end_task(Step& step, TaskIndex task, TaskState state, const TaskRow& details) {
  const TaskSpec& spec = spec_of(task);
  TaskRow row = details;
  row.ended_at = step.now;
  write_task(step, task, state, row);
  tasks_[task].ended_at = step.now;
  tasks_[task].wants_slot = false;
  unwatch_stuck(step, task);
  const auto live = live_.find(task);
  if (live != live_.end()) {
    if (spec.timeout > 0) {
      step.shared.timers.remove(
          {live->second.first_at + spec.timeout, run_.no, task, TimerKind::kTask});
    }
    if (live->second.retry_at > 0) {
      step.shared.timers.remove({live->second.retry_at, run_.no, task, TimerKind::kRetry});
    }
    if (live->second.row.known_dead) live_.erase(live);
  }
  if (!row.outputs.empty()) outputs_[task] = row.outputs;
  if (!row.blocked_by.empty()) blocked_by_[task] = row.blocked_by;
  row.state = state;
  row.attempt = tasks_[task].attempt;
  if (state == TaskState::kError) row.path = path_of(task);
  note_end(tasks_[task].spec, row);
  if (state == TaskState::kError || state == TaskState::kBlocked) {
    tell_of_end(step, task, state, row);
  }
  after_end(task);
}

/// What the end of a task means for the state of the run, and for the templates of `errors`.
void RunMachine::note_end(TaskIndex spec, const TaskRow& row) {
  if (row.warnings > 0) warning_seen_ = true;
  if (row.state != TaskState::kError) return;
  const bool allowed = may_fail(spec);
  (allowed ? warning_seen_ : error_seen_) = true;
  // Templates of `errors` are told of the first error that made them run, not of one that was
  // allowed.
  if (allowed || !row.error.has_value()) return;
  // After a restart rows come in the order of their paths.
  if (!first_error_.empty() && row.ended_at >= first_error_at_) return;
  first_error_at_ = row.ended_at;
  first_error_ = fmt::format(
      R"({{"task":{},"code":{},"message":{},"description":{},"phase":{},"owner":{},"attempt":{}}})",
      json_string(row.path), json_string(info(row.error->code).name),
      json_string(row.error->message), json_string(describe(*row.error)),
      json_string(to_string(row.error->phase)), json_string(row.error->owner), row.attempt);
}

}  // namespace cordyna::engine
