/// Shares: every target staged whole, on the disk or at its server, before the first is visible.
/// Then tables are committed, uploads completed, and files renamed.
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "process/data/bigquery_share.hpp"
#include "process/data/compile.hpp"
#include "process/data/csv_formulas.hpp"
#include "process/data/files.hpp"
#include "process/data/remote_run.hpp"
#include "process/data/runner.hpp"
#include "process/data/share_tables.hpp"
#include "process/data/store_uploads.hpp"

namespace cordyna::data {
namespace {

StepResult<> refuse_unsecured(const Upstream& upstream) {
  const std::vector<std::string> open = pii_names(upstream.columns);
  if (open.empty()) return {};
  return step_fail(TaskErrorCode::kUnsecured,
                   fmt::format("{} of '{}' tell about persons and were not secured: drop, hash, "
                               "token, mask or round them in a `secure` step; nothing was shared",
                               fmt::join(open, ", "), upstream.id));
}

std::string content_type(const std::string& target) {
  if (target.ends_with(".csv")) return "text/csv; charset=utf-8";
  return target.ends_with(".parquet") ? "application/vnd.apache.parquet" : "application/x-ndjson";
}

/// The targets of one share, beside each other.
class Sharer {
 public:
  Sharer(StepRun& run, const ShareParams& share, const Upstream& upstream, TableShares tables)
      : run_(run),
        share_(share),
        columns_(upstream.columns),
        data_(upstream.path),
        tables_(std::move(tables)),
        secrets_(remote_secrets()),
        bigquery_(run, share, upstream.path, secrets_),
        uploads_(s3_place(share.remote, secrets_), share.remote.gcs.endpoint, tries()) {}

  StepResult<> share() {
    STEP_TRY(stage_files());
    STEP_TRY(fill());
    STEP_TRY(stage_uploads());
    STEP_TRY(told(bigquery_.stage()));
    STEP_TRY(tables_.stage());
    for (const StagedFile& file : files_) {
      const Result<> synced = file.sync();
      if (!synced.has_value()) return file_error(synced.error());
    }
    if (run_.signals.asked_to_end()) {
      return step_fail(TaskErrorCode::kSignalled, "the step was asked to end");
    }
    return commit();
  }

 private:
  [[nodiscard]] http::TryOptions tries() const {
    http::TryOptions tries = try_options(run_, share_.remote);
    tries.say = [this](std::string_view line) { run_.say(secrets_.hide(std::string(line))); };
    return tries;
  }

  [[nodiscard]] std::unexpected<TaskError> upload_error(const Error& error) const {
    const std::size_t done = uploads_.committed();
    Error told = error;
    if (error.code != ErrorCode::kCancelled) told.message += so_far(done);
    return remote_error(told, TaskErrorCode::kShareFailed, secrets_);
  }

  /// What a failure has left as it was: nearly always all of it.
  [[nodiscard]] std::string so_far(std::size_t more = 0) const {
    const std::size_t done = done_ + more;
    if (done == 0) return "; what was shared before is untouched";
    return fmt::format("; {} of {} targets have the new data already", done,
                       share_.to.size() + share_.tables.size() + share_.bigquery.size());
  }

  /// An error of BigQuery says what became of the share before.
  StepResult<> told(StepResult<> done) const {
    if (done.has_value() || done.error().code == TaskErrorCode::kSignalled) return done;
    done.error().message += so_far(bigquery_.committed());
    return done;
  }

  [[nodiscard]] std::unexpected<TaskError> file_error(const Error& error) const {
    const TaskErrorCode code =
        is_no_space(error) ? TaskErrorCode::kNoSpace : TaskErrorCode::kShareFailed;
    return step_fail(code, error.message + so_far());
  }

  StepResult<> stage_files() {
    files_.reserve(share_.to.size());
    for (const std::string& target : share_.to) {
      if (is_object(target)) continue;
      Result<StagedFile> file = StagedFile::create(target);
      if (!file.has_value()) return file_error(file.error());
      files_.push_back(std::move(*file));
    }
    return {};
  }

  /// Parquet is copied, and for a server not even that; the rest is written by DuckDB.
  StepResult<> fill() {
    bool converts = false;
    std::size_t file = 0;
    for (std::size_t i = 0; i < share_.to.size(); ++i) {
      const bool remote = is_object(share_.to[i]);
      const StagedFile* staged = remote ? nullptr : &files_[file++];
      if (share_.to[i].ends_with(".parquet")) {
        if (staged == nullptr) continue;
        const Result<> copied = copy_into(data_, staged->path());
        if (!copied.has_value()) return file_error(copied.error());
        continue;
      }
      const std::string link = fmt::format("out/{}", i);
      const std::string path = run_.step.paths.work + "/" + link;
      if (staged != nullptr && symlink(staged->path().c_str(), path.c_str()) != 0) {
        return step_fail(TaskErrorCode::kInternal,
                         fmt::format("cannot link {}: {}", link, std::strerror(errno)),
                         Phase::kInfra);
      }
      run_.inputs.push_back(link);
      converts = true;
    }
    if (!converts) return {};
    STEP_TRY_ASSIGN(const std::vector<Fact> facts,
                    run_.query(compile_share(share_, columns_), TaskErrorCode::kShareFailed));
    const bool csv = std::ranges::any_of(
        share_.to, [](const std::string& target) { return target.ends_with(".csv"); });
    return csv ? judge_formulas(formulas_found(facts, columns_)) : StepResult<>();
  }

  StepResult<> judge_formulas(const std::string& found) {
    if (found.empty() || share_.formulas == OnFormula::kKeep) return {};
    const std::string what =
        found + " would be run as a formula by a spreadsheet that opens the CSV";
    if (share_.formulas == OnFormula::kFail) {
      return step_fail(TaskErrorCode::kCheckFailed, what + so_far());
    }
    if (share_.formulas == OnFormula::kEscape) {
      run_.say(fmt::format("escaped by ' in front: {}", found));
      return {};
    }
    run_.warn(what +
              "; `formulas: escape` makes texts of them, fail refuses them, keep says "
              "nothing");
    return {};
  }

  StepResult<> stage_uploads() {
    std::vector<StoreUpload> uploads;
    for (std::size_t i = 0; i < share_.to.size(); ++i) {
      const std::string& target = share_.to[i];
      if (!is_object(target)) continue;
      const std::string path =
          target.ends_with(".parquet") ? data_ : fmt::format("{}/out/{}", run_.step.paths.work, i);
      uploads.push_back({path, target, content_type(target)});
    }
    if (uploads.empty()) return {};
    const Result<> staged = uploads_.stage(std::move(uploads), secrets_);
    return staged.has_value() ? StepResult<>() : upload_error(staged.error());
  }

  /// The servers first: they may still refuse, while a rename on the same disk hardly does.
  StepResult<> commit() {
    STEP_TRY(tables_.commit());
    done_ += share_.tables.size();
    STEP_TRY(told(bigquery_.commit()));
    done_ += share_.bigquery.size();
    const Result<> uploaded = uploads_.commit();
    if (!uploaded.has_value()) return upload_error(uploaded.error());
    done_ += share_.to.size() - files_.size();
    for (StagedFile& file : files_) {
      const Result<> committed = file.commit();
      if (!committed.has_value()) return file_error(committed.error());
      ++done_;
    }
    for (const std::string& target : share_.to) {
      run_.report.targets.push_back(target);
      run_.say(fmt::format("{} rows shared as {}", grouped(run_.report.rows), target));
    }
    return {};
  }

  StepRun& run_;
  const ShareParams& share_;
  const std::vector<SourceColumn>& columns_;
  const std::string& data_;
  TableShares tables_;
  RemoteSecrets secrets_;
  BigqueryShares bigquery_;
  StoreUploads uploads_;
  std::size_t done_ = 0;           ///< targets that have the new data
  std::vector<StagedFile> files_;  ///< of the targets on this machine, in their order
};

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
    STEP_TRY_ASSIGN(const std::vector<Fact> facts, run.query(compile_metrics({}, false)));
    for (const Fact& fact : facts) run.report.rows = fact.n;
  }
  STEP_TRY_ASSIGN(TableShares tables, TableShares::open(run, share, upstream.columns));
  return Sharer(run, share, upstream, std::move(tables)).share();
}

}  // namespace cordyna::data
