#include "sim/checker.hpp"

#include <algorithm>

#include "sim/flows.hpp"
#include "sim/reference.hpp"

namespace cordyna::sim {

void Checker::expect(bool holds, const std::string& what, RunNo run, const std::string& path) {
  if (!holds) violation_(what + " (run " + std::to_string(run) + ", task " + path + ")");
}

void Checker::add_run(RunNo no, const Flow& flow) {
  flows_[no] = unroll(flow).flow;
}

/// Items of a foreach that did not begin have no tasks; where it was cancelled, nor have those
/// that had not begun.
bool Checker::has_turn(RunNo no, TaskIndex task) const {
  const Flow& flow = *flows_.at(no);
  for (TaskIndex in = flow.tasks[task].inside; in != kNoTask; in = flow.tasks[in].inside) {
    if (flow.tasks[in].foreach.items.empty()) continue;
    const Key loop{no, flow.tasks[in].id};
    if (taken_.contains(loop)) return false;  // its items ran in the run before
    const auto row = tasks_.find(loop);
    if (row == tasks_.end() || row->second.outputs.empty()) return false;
  }
  return true;
}

void Checker::mix(std::string_view text) {
  for (const char c : text) hash_ = (hash_ ^ static_cast<unsigned char>(c)) * 1099511628211ULL;
  hash_ = (hash_ ^ 0xff) * 1099511628211ULL;
}

void Checker::mix(std::int64_t number) {
  mix(std::to_string(number));
}

void Checker::on_commit(const ChangeSet& changes, Millis now) {
  mix(now);
  for (const HoldRow& row : changes.holds) check_hold(row, changes.notices);
  for (const RunRow& row : changes.runs) check_run(row);
  for (const TaskRow& row : changes.tasks) check_task(row);
  for (const AttemptRow& row : changes.attempts) check_attempt(row);
  for (const HistoryRow& row : changes.history) check_history(row);
  for (const NoticeRow& notice : changes.notices) check_moment(notice, now);
  for (const RunRow& row : changes.runs) {
    // One that a cancel in the same commit lets go on was never seen paused.
    if (runs_.at(row.no).state == RunState::kPaused) check_paused(row.no);
  }
}

/// Late is only what has lasted so long and goes on, stuck only what has not begun.
void Checker::check_moment(const NoticeRow& notice, Millis now) {
  const Flow& flow = *flows_.at(notice.run);
  if (notice.kind == NoticeKind::kLate) {
    const RunRow& run = runs_.at(notice.run);
    expect(now - run.created_at >= flow.late_after, "a run is late too soon", notice.run, "");
    expect(run.ended_at == 0 || run.ended_at >= notice.at, "a run is late that had ended",
           notice.run, "");
  }
  if (notice.kind != NoticeKind::kStuck) return;
  const auto attempt = attempts_.find({notice.run, notice.path});
  const bool has_begun = attempt != attempts_.end() &&
                         attempt->second.state == AttemptState::kStarted &&
                         attempt->second.started_at < notice.at;
  expect(!has_begun, "a task is stuck that has begun", notice.run, notice.path);
}

/// A person is asked once for an attempt, and what they said stays.
void Checker::check_hold(const HoldRow& row, const std::vector<NoticeRow>& notices) {
  mix(row.path);
  mix(to_string(row.state));
  const auto before = holds_.find({row.run, row.path});
  if (row.state == HoldState::kHeld) {
    expect(before == holds_.end(), "a task is held a second time", row.run, row.path);
    const bool is_told = std::ranges::any_of(notices, [&](const NoticeRow& notice) {
      return notice.kind == NoticeKind::kHeld && notice.run == row.run && notice.path == row.path;
    });
    expect(is_told, "nobody told that a task is held", row.run, row.path);
  } else {
    expect(before != holds_.end() && before->second.state == HoldState::kHeld,
           "a decision about a task that was not held", row.run, row.path);
    expect(!row.by.empty(), "a decision without a person", row.run, row.path);
  }
  holds_[{row.run, row.path}] = row;
}

/// A paused run waits for a person, and for nothing else.
void Checker::check_paused(RunNo run) {
  bool asks = false;
  for (const auto& [key, hold] : holds_) {
    const bool open = key.first == run && hold.state == HoldState::kHeld;
    if (open && !is_final(tasks_.at(key).state)) asks = true;
  }
  expect(asks, "paused, but nobody is asked", run, "");
  for (const auto& [key, attempt] : attempts_) {
    if (key.first != run) continue;
    expect(is_final(attempt.state) && attempt.known_dead, "paused while an attempt runs", run,
           key.second);
  }
}

void Checker::check_run(const RunRow& row) {
  mix(row.no);
  mix(to_string(row.state));
  const auto before = runs_.find(row.no);
  if (before != runs_.end()) {
    const RunState from = before->second.state;
    expect(from == row.state || can_follow(from, row.state),
           "R1: run takes an edge that is not there", row.no, "");
  }
  runs_[row.no] = row;
}

void Checker::check_task(const TaskRow& row) {
  mix(row.path);
  mix(to_string(row.state));
  const Key key{row.run, row.path};
  const auto before = tasks_.find(key);
  const TaskState from = before == tasks_.end() ? TaskState::kPending : before->second.state;
  expect(from == row.state || can_follow(from, row.state),
         "R1: task takes an edge that is not there", row.run, row.path);
  expect((row.state == TaskState::kBlocked) == !row.blocked_by.empty(),
         "blocked without a name, or named without being blocked", row.run, row.path);
  if (row.state == TaskState::kError) {
    expect(row.error.has_value() && !row.error->message.empty() && !row.error->owner.empty(),
           "R4: task in error without message or owner", row.run, row.path);
  }
  const bool taken = row.attempt == 0 && row.state == TaskState::kCompleted;
  if (taken) {
    expect(runs_.at(row.run).rerun_of > 0, "completed without an attempt", row.run, row.path);
    taken_.insert(key);
  }
  const auto& tasks = flows_.at(row.run)->tasks;
  const auto spec = std::ranges::find(tasks, row.path, &TaskSpec::id);
  if (!taken && is_final(row.state) && spec->wait.what != WaitFor::kNothing) check_wait(row, *spec);
  const auto hold = holds_.find(key);
  const bool nobody = spec->wait.what == WaitFor::kPerson && spec->wait.go_on &&
                      spec->timeout > 0 && row.ended_at >= row.first_at + spec->timeout;
  if (row.state == TaskState::kCompleted && hold != holds_.end() && !nobody) {
    expect(hold->second.state == HoldState::kApproved,
           "a task that was held completed without approval", row.run, row.path);
  }
  tasks_[key] = row;
}

/// A wait ends when what it waits for is there or its limit has run out: not before, and not later
/// than its next look.
void Checker::check_wait(const TaskRow& row, const TaskSpec& spec) {
  const auto say = [&](bool holds, const char* what) { expect(holds, what, row.run, row.path); };
  const Wait& wait = spec.wait;
  const Millis waited = row.ended_at - row.first_at;
  const bool timed_out =
      row.error.has_value() && row.error->code == TaskErrorCode::kTimeoutTotal && spec.timeout > 0;
  if (timed_out) say(waited >= spec.timeout, "a wait timed out too early");
  if (timed_out && !downtime) say(waited <= spec.timeout + 1000, "a wait timed out too late");
  if (row.state != TaskState::kCompleted) return;
  if (wait.what == WaitFor::kTime) {
    say(waited >= wait.time, "a pause ended before its time");
    say(downtime || waited <= wait.time + 1000, "a pause ended after its time");
  }
  if (wait.what == WaitFor::kCondition) {
    const std::string until = wait.until.substr(3);
    say(format_timestamp(row.ended_at) >= until, "a condition held before it did");
    const bool late = waited > 0 && format_timestamp(row.ended_at - wait.time) >= until;
    say(downtime || !late, "a condition held, and nobody looked");
  }
}

void Checker::check_attempt(const AttemptRow& row) {
  mix(row.path);
  mix(row.attempt);
  mix(to_string(row.state));
  const Key key{row.run, row.path};
  const auto found = attempts_.find(key);
  expect(!taken_.contains(key), "a task that was taken over is done again", row.run, row.path);
  const bool fresh = found == attempts_.end() || found->second.attempt != row.attempt;
  if (fresh) {
    const std::uint32_t expected = found == attempts_.end() ? 1 : found->second.attempt + 1;
    expect(row.attempt == expected, "R3: attempt number with a gap or a repeat", row.run, row.path);
    if (found != attempts_.end()) {
      expect(is_final(found->second.state), "R2: a second attempt while one is live", row.run,
             row.path);
      expect(found->second.known_dead, "a new attempt while the one before is not known dead",
             row.run, row.path);
      check_retry(row);
    }
  } else {
    const AttemptState from = found->second.state;
    expect(from == row.state || can_follow(from, row.state),
           "R1: attempt takes an edge that is not there", row.run, row.path);
  }
  if (row.state == AttemptState::kFailed) check_failure(row, fresh ? AttemptRow{} : found->second);
  attempts_[key] = row;
}

void Checker::check_failure(const AttemptRow& row, const AttemptRow& before) {
  const bool whole =
      row.error.has_value() && !row.error->message.empty() && !row.error->owner.empty();
  expect(whole, "R4: failure without message or owner", row.run, row.path);
  if (whole && !is_final(before.state)) check_deadline(row, before);
}

/// R11: a phase fails with its own code, no earlier than its limit, no later than a second after
/// it.
void Checker::check_deadline(const AttemptRow& row, const AttemptRow& before) {
  const auto& tasks = flows_.at(row.run)->tasks;
  const auto spec = std::ranges::find(tasks, row.path, &TaskSpec::id);
  Millis begin = 0;
  Millis limit = 0;
  switch (row.error->code) {
    case TaskErrorCode::kTimeoutAcknowledge:
      begin = row.dispatched_at;
      limit = spec->timeouts.acknowledge;
      break;
    case TaskErrorCode::kTimeoutStart:
      begin = row.acknowledged_at;
      limit = spec->timeouts.start;
      break;
    case TaskErrorCode::kTimeoutComplete:
      begin = row.started_at;
      limit = spec->timeouts.complete;
      break;
    default: return;
  }
  if (row.error->message == "by its guardian") return;
  expect(before.deadline_at == begin + limit, "R11: the deadline is not where the phase puts it",
         row.run, row.path);
  expect(row.ended_at >= begin + limit, "R11: timed out too early", row.run, row.path);
  if (!downtime)
    expect(row.ended_at <= begin + limit + 1000, "R11: timed out too late", row.run, row.path);
}

/// R19: bounded count, back-off within its bounds, nothing retried that must not be.
void Checker::check_retry(const AttemptRow& row) {
  const auto& tasks = flows_.at(row.run)->tasks;
  const auto spec = std::ranges::find(tasks, row.path, &TaskSpec::id);
  const AttemptRow& before = attempts_.at({row.run, row.path});
  const TaskRow& task = tasks_.at({row.run, row.path});
  const Retry& retry = spec->retry;
  const auto hold = holds_.find({row.run, row.path});
  const bool asked = hold != holds_.end();  // the attempt that asked is none of the retries
  if (asked) {
    expect(hold->second.state == HoldState::kApproved, "an attempt begins without approval",
           row.run, row.path);
  }
  const bool looks = spec->wait.what == WaitFor::kScript;
  expect(looks || row.attempt <= retry.attempts + (asked ? 1 : 0),
         "R19: more attempts than allowed", row.run, row.path);
  if (!before.error.has_value()) return;
  if (retry.on.empty())
    expect(before.error->retryable, "R19: a failure that is not retryable was retried", row.run,
           row.path);
  Millis low = looks ? spec->wait.time : retry.delay;
  for (std::uint32_t i = 1; retry.backoff == Backoff::kExponential && i < before.attempt; ++i)
    low *= 2;
  Millis high = retry.backoff == Backoff::kRandom
                    ? std::max(low, retry.max_delay > 0 ? retry.max_delay : low * 3)
                    : low;
  if (retry.max_delay > 0) {
    low = std::min(low, retry.max_delay);
    high = std::min(high, retry.max_delay);
  }
  if (retry.jitter) high += high / 2;
  expect(row.created_at >= before.ended_at + low, "R19: retried before its back-off", row.run,
         row.path);
  (void)task;
  if (task.retry_at > 0)
    expect(task.retry_at <= before.ended_at + high, "R19: back-off above its bound", row.run,
           row.path);
}

void Checker::check_history(const HistoryRow& row) {
  mix(row.seq);
  mix(row.detail);
  auto& [seq, at] = history_[row.run];
  expect(row.seq == seq + 1, "history with a gap", row.run, row.path);
  expect(row.at >= at, "R1: history goes back in time", row.run, row.path);
  seq = row.seq;
  at = row.at;
  if (!row.attempt_state.has_value()) return;
  const auto key = std::pair(Key{row.run, row.path}, row.attempt);
  const auto before = paths_.find(key);
  const AttemptState from = before == paths_.end() ? AttemptState::kCreated : before->second;
  expect(can_follow(from, *row.attempt_state), "R1: history of an attempt is no path of the graph",
         row.run, row.path);
  paths_[key] = *row.attempt_state;
}

void Checker::at_end(Store& store) {
  for (const auto& [no, flow] : flows_) {
    const auto run = runs_.find(no);
    expect(run != runs_.end() && is_final(run->second.state), "R16: the run did not end", no, "");
    // Skipped, or cancelled while it was pending: nothing of it was ever looked at.
    if (run != runs_.end() && run->second.started_at == 0) continue;
    if (run != runs_.end() && run->second.state == RunState::kError) check_told(store, no);
    for (TaskIndex at = 0; at < flow->tasks.size(); ++at) {
      const TaskSpec& spec = flow->tasks[at];
      const auto task = tasks_.find({no, spec.id});
      if (task == tasks_.end() && !has_turn(no, at)) continue;
      expect(task != tasks_.end() && is_final(task->second.state),
             "R16: a task of an ended run did not end", no, spec.id);
      const auto attempt = attempts_.find({no, spec.id});
      if (attempt == attempts_.end()) continue;
      expect(is_final(attempt->second.state) && attempt->second.known_dead,
             "R20: an ended run has an attempt that may live", no, spec.id);
    }
    // What a rerun took over was judged by how upstreams ended then, not by how they ended now.
    if (run != runs_.end() && run->second.rerun_of > 0) continue;
    if (run != runs_.end() && !run->second.cancel_requested && !run->second.error.has_value())
      compare_with_model(store, no);
  }
}

/// R47: whoever owns a flow is told of each run that fails, once, and so is each owner of a task
/// that did.
void Checker::check_told(Store& store, RunNo no) {
  NoticeFilter filter;
  filter.run = no;
  filter.limit = 100'000;
  const auto notices = store.list_notices(filter);
  expect(notices.has_value(), "the notices cannot be read", no, "");
  if (!notices.has_value()) return;
  const Flow& flow = *flows_.at(no);
  std::set<std::string> teams;
  std::set<std::string> blocked;
  for (const NoticeRow& notice : *notices) {
    expect(!notice.text.empty() && !notice.cause.empty(), "R47: a notice without a word or a cause",
           no, notice.path);
    if (is_of_a_moment(notice.kind)) continue;
    teams.insert(notice.team);
    if (notice.kind != NoticeKind::kBlocked) continue;
    expect(blocked.insert(notice.team).second, "R47: a team is told twice that it waits in vain",
           no, notice.path);
  }
  expect(teams.contains(flow.owner), "R47: nobody told the flow's owner", no, "");
  const auto may_fail = [&flow](const TaskSpec* spec) {
    while (!spec->allow_failure && spec->inside != kNoTask) spec = &flow.tasks[spec->inside];
    return spec->allow_failure;
  };
  for (const TaskSpec& spec : flow.tasks) {
    const auto task = tasks_.find({no, spec.id});
    if (task == tasks_.end() || may_fail(&spec) || !task->second.error.has_value()) continue;
    if (task->second.state != TaskState::kError ||
        task->second.error->code == TaskErrorCode::kInsideFailed) {
      continue;
    }
    expect(teams.contains(task->second.error->owner), "R47: nobody told the owner of a failed task",
           no, spec.id);
  }
}

/// R17: no failure spreads beyond its descendants, and what is blocked names a task that failed.
void Checker::compare_with_model(Store& store, RunNo no) {
  const Flow& flow = *flows_.at(no);
  const auto snapshot = store.load_run(no);
  expect(snapshot.has_value(), "the run cannot be read back", no, "");
  if (!snapshot.has_value()) return;
  std::map<std::string, TaskRow> rows;
  for (const TaskRow& row : snapshot->tasks) rows[row.path] = row;
  bool own_known = true;
  const auto own = [&](TaskIndex task) {
    const TaskState state = rows[flow.tasks[task].id].state;
    own_known = state == TaskState::kCompleted || state == TaskState::kError;
    expect(own_known, "R17: a task that nothing stopped was not run", no, flow.tasks[task].id);
    return state;
  };
  const auto expected = expected_states(flow, own);
  for (TaskIndex task = 0; task < flow.tasks.size(); ++task) {
    if (!has_turn(no, task)) continue;
    const TaskRow& row = rows[flow.tasks[task].id];
    expect(row.state == expected[task],
           "R17: ended " + std::string(to_string(row.state)) + ", the model says " +
               std::string(to_string(expected[task])),
           no, flow.tasks[task].id);
    if (row.state != TaskState::kBlocked) continue;
    const TaskState root = rows[row.blocked_by].state;
    expect(root == TaskState::kError, "R17: blocked by a task that did not fail", no,
           flow.tasks[task].id);
  }
}

}  // namespace cordyna::sim
