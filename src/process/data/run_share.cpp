/// Shares: every target staged whole first, files on the disk and rows at their servers. Then
/// tables are committed, and files renamed.
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "process/data/compile.hpp"
#include "process/data/files.hpp"
#include "process/data/runner.hpp"
#include "process/data/share_tables.hpp"

namespace cordyna::data {
namespace {

std::unexpected<TaskError> share_error(const Error& error) {
  const TaskErrorCode code =
      is_no_space(error) ? TaskErrorCode::kNoSpace : TaskErrorCode::kShareFailed;
  return step_fail(code, error.message + "; what was shared before is untouched");
}

StepResult<> refuse_unsecured(const Upstream& upstream) {
  const std::vector<std::string> open = pii_names(upstream.columns);
  if (open.empty()) return {};
  return step_fail(TaskErrorCode::kUnsecured,
                   fmt::format("{} of '{}' tell about persons and were not secured: drop, hash, "
                               "token, mask or round them in a `secure` step; nothing was shared",
                               fmt::join(open, ", "), upstream.id));
}

StepResult<std::vector<StagedFile>> stage_all(const ShareParams& share) {
  std::vector<StagedFile> staged;
  staged.reserve(share.to.size());
  for (const std::string& target : share.to) {
    Result<StagedFile> file = StagedFile::create(target);
    if (!file.has_value()) return share_error(file.error());
    staged.push_back(std::move(*file));
  }
  return staged;
}

StepResult<> fill(StepRun& run, const ShareParams& share, const std::vector<StagedFile>& staged,
                  const std::string& data) {
  bool converts = false;
  for (std::size_t i = 0; i < staged.size(); ++i) {
    if (share.to[i].ends_with(".parquet")) {
      const Result<> copied = copy_into(data, staged[i].path());
      if (!copied.has_value()) return share_error(copied.error());
      continue;
    }
    const std::string link = fmt::format("out/{}", i);
    if (symlink(staged[i].path().c_str(), (run.step.paths.work + "/" + link).c_str()) != 0) {
      return step_fail(TaskErrorCode::kInternal,
                       fmt::format("cannot link {}: {}", link, std::strerror(errno)),
                       Phase::kInfra);
    }
    run.inputs.push_back(link);
    converts = true;
  }
  if (converts) STEP_TRY(run.query(compile_share(share), TaskErrorCode::kShareFailed));
  return {};
}

StepResult<> commit_all(StepRun& run, std::vector<StagedFile>& staged, TableShares& tables) {
  for (const StagedFile& file : staged) {
    const Result<> synced = file.sync();
    if (!synced.has_value()) return share_error(synced.error());
  }
  if (run.signals.asked_to_end()) {
    return step_fail(TaskErrorCode::kSignalled, "the step was asked to end");
  }
  // The servers first: they may still refuse, while a rename hardly does.
  STEP_TRY(tables.commit());
  for (StagedFile& file : staged) {
    const Result<> committed = file.commit();
    if (!committed.has_value()) return share_error(committed.error());
    run.report.targets.push_back(file.target());
    run.say(fmt::format("{} rows shared as {}", grouped(run.report.rows), file.target()));
  }
  return {};
}

}  // namespace

StepResult<> run_share(StepRun& run, const ShareParams& share) {
  STEP_TRY_ASSIGN(const Upstream* found, need_upstream(run.step, share.of));
  STEP_TRY(refuse_unsecured(*found));
  STEP_TRY_ASSIGN(const Upstream upstream, run.open_upstream(share.of));
  if (run.step.guard.has_value() && share.guard.has_value()) {
    STEP_TRY_ASSIGN(const bool passes, stand_guard(run, upstream, *share.guard));
    if (!passes) return {};
  } else {
    if (!share.guard.has_value()) {
      run.say("guard: off, the data was not compared with its history");
    }
    STEP_TRY_ASSIGN(const std::vector<Fact> facts, run.query(compile_metrics({})));
    for (const Fact& fact : facts) run.report.rows = fact.n;
  }
  STEP_TRY_ASSIGN(TableShares tables, TableShares::open(run, share, upstream.columns));
  STEP_TRY_ASSIGN(std::vector<StagedFile> staged, stage_all(share));
  STEP_TRY(fill(run, share, staged, upstream.path));
  STEP_TRY(tables.stage());
  return commit_all(run, staged, tables);
}

}  // namespace cordyna::data
