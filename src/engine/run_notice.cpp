// Whom the end of a task, or of the run, concerns. Told with the rows of that end.
#include <fmt/format.h>

#include <utility>

#include "base/text.hpp"
#include "engine/late.hpp"
#include "engine/run_machine.hpp"

namespace cordyna::engine {
namespace {

bool is_of_others(const TaskError& error) {
  return error.code == TaskErrorCode::kRunFailed;
}

/// What keeps a task that has been handed out, or was once, from its start.
std::string_view way_to_start(AttemptState state) {
  switch (state) {
    case AttemptState::kDispatched: return "it was handed out, and nobody has acknowledged it";
    case AttemptState::kAcknowledged: return "it was acknowledged, and waits there";
    case AttemptState::kCreated: return "whom it was handed to did not take it";
    case AttemptState::kStarted:
    case AttemptState::kCompleted:
    case AttemptState::kFailed:
    case AttemptState::kCancelled: break;
  }
  return "it has no attempt";
}

Timer late_timer(const RunRow& run, const Flow& flow) {
  return {run.created_at + flow.late_after, run.no, 0, TimerKind::kLate};
}

}  // namespace

void watch_late(Timers& timers, const RunRow& run, const Flow& flow) {
  if (flow.late_after > 0) timers.add(late_timer(run, flow));
}

void unwatch_late(Timers& timers, const RunRow& run, const Flow& flow) {
  if (flow.late_after > 0) timers.remove(late_timer(run, flow));
}

NoticeRow late_notice(const RunRow& run, const Flow& flow, Millis now) {
  NoticeRow notice{.at = now, .kind = NoticeKind::kLate, .team = flow.owner, .cause = flow.owner};
  notice.id = fmt::format("{}/late", run.id.value);
  notice.ns = run.ns;
  notice.flow_id = run.flow_id;
  notice.run = run.no;
  notice.text = fmt::format("it has not {} {} after it was made",
                            run.state == RunState::kPending ? "begun" : "ended",
                            format_delay(flow.late_after));
  return notice;
}

/// What a task in error, or blocked, is to be told as. Nullopt: nobody needs to know.
std::optional<NoticeRow> RunMachine::notice_of(TaskIndex task, TaskState state,
                                               const TaskRow& row) const {
  const TaskSpec& spec = spec_of(task);
  NoticeRow notice;
  if (state == TaskState::kBlocked) {
    if (waiting_.contains(spec.owner)) return std::nullopt;  // one failure may block very many
    const TaskIndex root = find(row.blocked_by);
    const auto known = causes_.find(row.blocked_by);
    if (known != causes_.end()) {
      notice.cause = known->second;
    } else if (root != kNoTask) {
      notice.cause = spec_of(root).owner;
    }
    if (notice.cause == spec.owner) return std::nullopt;  // it knows
    notice.kind = NoticeKind::kBlocked;
    notice.team = spec.owner;
    notice.path = path_of(task);
    notice.text =
        fmt::format("it is blocked by task '{}' of team {}", row.blocked_by, notice.cause);
    return notice;
  }
  if (state != TaskState::kError || !row.error.has_value()) return std::nullopt;
  notice.path = path_of(task);
  // What failed inside was told by itself.
  if (row.error->code == TaskErrorCode::kInsideFailed || may_fail(tasks_[task].spec)) {
    return std::nullopt;
  }
  notice.kind = is_of_others(*row.error) ? NoticeKind::kBlocked : NoticeKind::kFailed;
  notice.team = is_of_others(*row.error) ? spec.owner : row.error->owner;
  notice.cause = row.error->owner;
  notice.code = info(row.error->code).name;
  notice.text = row.error->message;
  return notice;
}

/// Each task that fails once, and each team that waits in vain once.
std::string RunMachine::notice_id(const NoticeRow& notice) const {
  return notice.kind == NoticeKind::kBlocked
             ? fmt::format("{}/blocked/{}", run_.id.value, notice.team)
             : fmt::format("{}/failed/{}", run_.id.value, without_items(notice.path));
}

/// Whether it is news.
bool RunMachine::note_notice(const NoticeRow& notice) {
  told_teams_.insert(notice.team);
  if (notice.kind == NoticeKind::kBlocked) return waiting_.insert(notice.team).second;
  return told_.insert(notice_id(notice)).second;
}

/// Whose it is that a task has failed, where that is not the task's own team.
void RunMachine::note_cause(TaskIndex task, const TaskRow& row) {
  if (!row.error.has_value() || may_fail(tasks_[task].spec)) return;
  if (run_cause_.empty()) run_cause_ = row.error->owner;
  if (row.error->owner != spec_of(task).owner) causes_[path_of(task)] = row.error->owner;
}

void RunMachine::tell(Step& step, NoticeRow notice) {
  if (!note_notice(notice)) return;
  notice.id = notice_id(notice);
  write_notice(step, std::move(notice));
}

void RunMachine::write_notice(Step& step, NoticeRow notice) const {
  notice.at = step.now;
  notice.ns = run_.ns;
  notice.flow_id = run_.flow_id;
  notice.run = run_.no;
  step.out.changes.notices.push_back(std::move(notice));
}

void RunMachine::tell_of_end(Step& step, TaskIndex task, TaskState state, const TaskRow& row) {
  note_cause(task, row);
  if (auto notice = notice_of(task, state, row); notice.has_value()) tell(step, *std::move(notice));
}

/// After a restart: what was told before is no news.
void RunMachine::restore_notice(TaskIndex task, const TaskRow& row) {
  note_cause(task, row);
  if (const auto notice = notice_of(task, row.state, row); notice.has_value()) {
    (void)note_notice(*notice);
  }
}

/// R47: whoever owns a flow hears of each run of it that fails, whosever task that was.
void RunMachine::tell_of_run(Step& step) {
  if (!run_.error.has_value() && told_teams_.contains(flow_->owner)) return;
  NoticeRow notice;
  notice.team = flow_->owner;
  if (run_.error.has_value()) {
    notice.cause = run_.error->owner;
    notice.code = info(run_.error->code).name;
    notice.text = run_.error->message;
  } else {
    notice.kind = NoticeKind::kBlocked;
    notice.cause = run_cause_.empty() ? flow_->owner : run_cause_;
    notice.text = "the run ended in error";
  }
  tell(step, std::move(notice));
}

/// What is so for a while, and is no word on how the run ends: each once by its id, which the state
/// knows after a restart.
void RunMachine::tell_of_moment(Step& step, NoticeKind kind, std::string path, NoticeRow notice) {
  notice.kind = kind;
  notice.id = fmt::format("{}/{}/{}", run_.id.value, to_string(kind), path);
  if (!told_.insert(notice.id).second) return;
  if (notice.cause.empty()) notice.cause = notice.team;
  write_notice(step, std::move(notice));
}

/// Each time anew: an approved task may be held again.
void RunMachine::tell_of_hold(Step& step, TaskIndex task, const HoldRow& row) {
  NoticeRow notice{.team = spec_of(task).owner, .path = row.path, .text = row.reason};
  tell_of_moment(step, NoticeKind::kHeld, fmt::format("{}/{}", row.path, row.attempt),
                 std::move(notice));
}

void RunMachine::tell_of_retry(Step& step, TaskIndex task, const TaskError& error) {
  if (may_fail(tasks_[task].spec)) return;
  NoticeRow notice{.team = error.owner, .path = path_of(task)};
  notice.code = info(error.code).name;
  notice.text = fmt::format("attempt {} of {} failed: {}", live_.at(task).row.attempt,
                            spec_of(task).retry.attempts, error.message);
  std::string told_once = without_items(notice.path);
  tell_of_moment(step, NoticeKind::kRetrying, std::move(told_once), std::move(notice));
}

/// Of many items one is told.
void RunMachine::tell_of_stuck(Step& step, TaskIndex task) {
  if (stuck_at_.erase(task) == 0) return;
  NoticeRow notice{.team = spec_of(task).owner, .path = path_of(task)};
  notice.text =
      fmt::format("it may run, and has not begun within {}: ", format_delay(flow_->stuck_after));
  if (tasks_[task].wants_slot) {
    std::vector<Blocker> blockers;
    explain_slot(task, step.now, 0, step.shared.slots, blockers);
    notice.text += blockers.front().what;
  } else {
    notice.text += way_to_start(live_.at(task).row.state);
  }
  std::string told_once = without_items(notice.path);
  tell_of_moment(step, NoticeKind::kStuck, std::move(told_once), std::move(notice));
}

/// From when it may run, also if it is handed out and comes back meanwhile.
void RunMachine::watch_stuck(Step& step, TaskIndex task, Millis since) {
  if (flow_->stuck_after == 0) return;
  const auto [at, fresh] = stuck_at_.emplace(task, since + flow_->stuck_after);
  if (fresh) step.shared.timers.add({at->second, run_.no, task, TimerKind::kStuck});
}

void RunMachine::unwatch_stuck(Step& step, TaskIndex task) {
  const auto found = stuck_at_.find(task);
  if (found == stuck_at_.end()) return;
  step.shared.timers.remove({found->second, run_.no, task, TimerKind::kStuck});
  stuck_at_.erase(found);
}

}  // namespace cordyna::engine
