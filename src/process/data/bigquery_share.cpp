#include "process/data/bigquery_share.hpp"

#include <fmt/format.h>

#include "process/data/remote_run.hpp"

namespace cordyna::data {

BigqueryShares::~BigqueryShares() {
  for (Staged& staged : staged_) {
    if (staged.upload != nullptr) staged.upload->abandon();
  }
}

std::unexpected<TaskError> BigqueryShares::error_of(const Error& error) const {
  // A column that does not fit is no refusal of the server to try again.
  if (error.code == ErrorCode::kInvalidArgument) {
    return step_fail(TaskErrorCode::kTargetMisfit, secrets_.hide(error.message));
  }
  return remote_error(error, TaskErrorCode::kShareFailed, secrets_);
}

Result<bool> BigqueryShares::was_done(Staged& staged) {
  const std::string shown = staged.target->shown();
  const AttemptName& attempt = run_.step.attempt;
  constexpr std::int64_t kLookedBack = 100;
  for (std::int64_t number = std::max<std::int64_t>(1, attempt.number - kLookedBack);
       number <= attempt.number; ++number) {
    const std::string job = bigquery_job_id(attempt, number, shown);
    TRY_ASSIGN(std::optional<google::JobState> state, staged.bigquery->find(job, shown));
    if (!state.has_value()) continue;
    if (!state->done) {
      run_.say(fmt::format("{}: waiting for job {}, which was begun before", shown, job));
    }
    const Result<> ended = staged.bigquery->wait(job, *std::move(state), shown);
    if (ended.has_value()) return true;
    if (ended.error().code == ErrorCode::kCancelled || number == attempt.number) {
      return std::unexpected<Error>(ended.error());
    }
  }
  return false;
}

Result<> BigqueryShares::stage_one(Staged& staged) {
  const BigqueryTarget& target = *staged.target;
  TRY_ASSIGN(const bool done, was_done(staged));
  if (done) return {};
  staged.job = bigquery_job_id(run_.step.attempt, run_.step.attempt.number, target.shown());
  TRY_ASSIGN(google::Resumable upload,
             staged.bigquery->stage_load(staged.job, target.table, target.append, parquet_,
                                         target.shown()));
  staged.upload = std::make_unique<google::Resumable>(std::move(upload));
  return {};
}

StepResult<> BigqueryShares::stage() {
  staged_.reserve(share_.bigquery.size());
  for (const BigqueryTarget& target : share_.bigquery) {
    Staged& staged = staged_.emplace_back();
    staged.target = &target;
    STEP_TRY_ASSIGN(staged.bigquery,
                    open_bigquery(run_, target.connection, share_.remote, secrets_));
    const Result<> done = stage_one(staged);
    if (!done.has_value()) return error_of(done.error());
  }
  return {};
}

StepResult<> BigqueryShares::commit() {
  for (Staged& staged : staged_) {
    const std::string shown = staged.target->shown();
    if (staged.upload != nullptr) {
      const Result<> done = staged.bigquery->finish_load(staged.job, *staged.upload);
      if (!done.has_value()) return error_of(done.error());
      run_.say(fmt::format("{} rows {} {} by job {}", grouped(run_.report.rows),
                           staged.target->append ? "appended to" : "shared as", shown, staged.job));
    } else {
      run_.say(shown + ": an attempt before has shared it already");
    }
    run_.report.targets.push_back(shown);
    ++committed_;
  }
  return {};
}

}  // namespace cordyna::data
