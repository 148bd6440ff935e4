// Whom the end of a task, or of the run, concerns. Told with the rows of that end.
#include <fmt/format.h>

#include <utility>

#include "base/text.hpp"
#include "engine/run_machine.hpp"

namespace cordyna::engine {
namespace {

bool is_of_others(const TaskError& error) {
  return error.code == TaskErrorCode::kRunFailed;
}

}  // namespace

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

}  // namespace cordyna::engine
