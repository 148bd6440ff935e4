// How an attempt ends: by itself, or because it is to.
#include <fmt/format.h>

#include <algorithm>
#include <boost/json.hpp>
#include <utility>

#include "base/text.hpp"
#include "model/layout.hpp"
#include "process/kubernetes/job_executor_impl.hpp"
#include "process/kubernetes/steady.hpp"
#include "process/local/outcome.hpp"

namespace cordyna {

using kubernetes::Answered;
using kubernetes::Api;
using kubernetes::Fate;
using kubernetes::Fault;
using kubernetes::Next;
using kubernetes::Owned;
using kubernetes::PodState;
using kubernetes::steady_ms;
using kubernetes::Verdict;

namespace {

namespace json = boost::json;

constexpr Millis kLookEvery = 3'000;    // at what is being ended; its watch tells sooner
constexpr Millis kForceAfter = 60'000;  // a node that did not end a pod by then does not answer
constexpr int kOutputTries = 3;
constexpr int kSignalBase = 128;

struct Meaning {
  TaskErrorCode code;
  Phase phase;
};

Meaning meaning_of_fate(Fate fate) {
  using C = TaskErrorCode;
  switch (fate) {
    case Fate::kCompleted:
    case Fate::kExited: return {C::kExitNonzero, Phase::kRun};
    case Fate::kSignalled: return {C::kSignalled, Phase::kRun};
    case Fate::kOutOfMemory: return {C::kOutOfMemory, Phase::kRun};
    case Fate::kNoSpace: return {C::kNoSpace, Phase::kRun};
    case Fate::kTooLong: return {C::kTimeoutComplete, Phase::kRun};
    case Fate::kEvicted:
    case Fate::kNodeLost:
    case Fate::kPodDeleted:
    case Fate::kJobDeleted:
    case Fate::kUnknown: return {C::kLost, Phase::kRun};
    case Fate::kNoImage: return {C::kRemoteNotFound, Phase::kStart};
    case Fate::kImageDenied: return {C::kRemoteRefused, Phase::kStart};
    case Fate::kImageAway: return {C::kSourceUnavailable, Phase::kStart};
    case Fate::kNotStarted: return {C::kSpawnFailed, Phase::kStart};
  }
  return {C::kInternal, Phase::kInfra};
}

std::string report_of(TaskErrorCode code, Phase phase, const std::string& message) {
  const json::object error{
      {"code", info(code).name}, {"phase", to_string(phase)}, {"message", message}};
  return json::serialize(json::object{{"error", error}});
}

}  // namespace

/// Its uid, where it was made and we do not know. None is no error.
Answered<> KubernetesJobs::Impl::find_job(Attempt& attempt, Api& api) {
  auto there = api.get(kubernetes::jobs_of(attempt.record.ns), attempt.record.name);
  if (!there.has_value()) {
    if (there.error().fault != Fault::kNotFound) return std::unexpected(std::move(there.error()));
    attempt.job_deleted = true;
    return {};
  }
  boost::system::error_code problem;
  const kubernetes::JobState job = kubernetes::parse_job(json::parse(*there, problem));
  const bool ours = attempt.record.uid.empty() || attempt.record.uid == job.uid;
  attempt.job_deleted = !ours;
  if (ours && attempt.record.uid.empty()) {
    attempt.record.uid = job.uid;
    know_job(attempt);
  }
  if (ours) attempt.job = job;
  return {};
}

/// The Job is removed, after its pods: when it is gone, nothing of it runs.
Next KubernetesJobs::Impl::put_an_end(Attempt& attempt, Api& api) {
  const Millis now = steady_ms();
  const kubernetes::Which jobs = kubernetes::jobs_of(attempt.record.ns);
  const bool first = attempt.ending_since == 0;
  const bool is_gone = attempt.job_deleted;
  if (!is_gone && (first || now - attempt.ending_since >= kLookEvery)) {
    const auto found = find_job(attempt, api);
    if (!found.has_value()) return wait_for_cluster(attempt, found.error());
  }
  const bool over = attempt.job.complete || attempt.job.failed;
  if (first && over && !attempt.doom.has_value() && attempt.record.released &&
      !attempt.job_deleted) {
    attempt.job_seen = true;
    return follow(attempt, api);  // a result was there already
  }
  if (!attempt.job_deleted && !attempt.job.deleting) {
    const auto removed = api.remove(jobs, attempt.record.name, attempt.record.uid, Owned::kFirst);
    if (!removed.has_value()) {
      if (!removed.error().passes()) note(attempt, removed.error().message);
      return wait_for_cluster(attempt, removed.error());
    }
    attempt.job.deleting = true;
  }
  if (first) attempt.ending_since = now;
  attempt.away_since = 0;
  (void)take_output(attempt, api);
  if (!attempt.job_deleted) {
    if (now - attempt.ending_since >= kForceAfter && !std::exchange(attempt.forced, true)) {
      note(attempt,
           "its node did not end it in time: the pod is removed without it, and may still run "
           "there");
      for (const PodState& pod : attempt.pods) {
        if (pod.gone) continue;
        (void)api.remove(kubernetes::pods_of(attempt.record.ns), pod.name, pod.uid, Owned::kLater,
                         0);
      }
    }
    return {kLookEvery, false};
  }
  if (attempt.doom.has_value()) return finish(attempt, api, *attempt.doom);
  return finish_cancelled(attempt);
}

/// What it printed until its end. A node that cannot be asked any more is not waited for.
void KubernetesJobs::Impl::last_output(Attempt& attempt, Api& api) {
  for (int tries = 0; tries < kOutputTries; ++tries) {
    if (take_output(attempt, api)) return;
  }
  note(attempt, "the end of its output could not be read");
}

Next KubernetesJobs::Impl::finish(Attempt& attempt, Api& api, const Verdict& verdict) {
  if (!attempt.doom.has_value()) last_output(attempt, api);
  local::ExitRecord record;
  record.started = attempt.started;
  record.ended = clock_.now();
  record.log_bytes = attempt.log_bytes;
  record.log_truncated = attempt.log_full;
  record.exit_code = 1;
  const PodState* const pod = verdict.pod;
  std::string report;
  if (verdict.fate == Fate::kCompleted) {
    record.exit_code = 0;
    if (pod->end_message.size() >= kubernetes::kMessageMax) {
      record.exit_code = 1;
      report = report_of(
          TaskErrorCode::kOutputInvalid, Phase::kResult,
          fmt::format("$DYNA_OUTPUTS has {} bytes or more: of a Job its cluster keeps fewer",
                      kubernetes::kMessageMax));
    } else if (!pod->end_message.empty()) {
      const Result<> written = attempt.folder.write(attempt_file::kOutputs, pod->end_message);
      if (!written.has_value()) {
        return fail_with(attempt, TaskErrorCode::kNoSpace, Phase::kInfra, written.error().message);
      }
    }
  } else if (verdict.fate == Fate::kExited) {
    record.exit_code = pod->exit_code;
    record.last_error_line = attempt.folder.last_line();
  } else {
    if (verdict.fate == Fate::kSignalled) {
      record.exit_code = kSignalBase + (pod->signal != 0 ? pod->signal : 9);
    }
    if (verdict.fate == Fate::kOutOfMemory) record.exit_code = pod->exit_code;
    const Meaning meant = meaning_of_fate(verdict.fate);
    report = report_of(meant.code, meant.phase, verdict.message);
  }
  const Next next = write_end(attempt, record, report);
  // Only now: until it is written down, the Job is what tells of its end.
  if (!attempt.record.stays && !attempt.job_deleted) {
    (void)api.remove(kubernetes::jobs_of(attempt.record.ns), attempt.record.name,
                     attempt.record.uid, Owned::kLater);
  }
  return next;
}

Next KubernetesJobs::Impl::finish_cancelled(Attempt& attempt) {
  local::ExitRecord record;
  record.cancelled = true;
  record.started = attempt.started;
  record.ended = clock_.now();
  record.log_bytes = attempt.log_bytes;
  return write_end(attempt, record, {});
}

Next KubernetesJobs::Impl::fail_with(Attempt& attempt, TaskErrorCode code, Phase phase,
                                     const std::string& message) {
  local::ExitRecord record;
  record.exit_code = 1;
  record.started = attempt.started;
  record.ended = clock_.now();
  return write_end(attempt, record, report_of(code, phase, message));
}

/// Durable before it is told.
Next KubernetesJobs::Impl::write_end(Attempt& attempt, const local::ExitRecord& record,
                                     const std::string& report_text) {
  Result<> written;
  if (!report_text.empty()) written = attempt.folder.write(attempt_file::kReport, report_text);
  if (written.has_value()) written = attempt.folder.end(record);
  Outcome outcome =
      written.has_value()
          ? local::make_outcome(record, attempt.folder.path(), ReportTrust::kAll)
          : local::failed_outcome(TaskErrorCode::kNoSpace, Phase::kInfra, written.error().message);
  if (outcome.error.has_value()) outcome.error->message = printable(outcome.error->message);
  report(attempt, ReportKind::kEnded, std::move(outcome));
  return {-1, true};
}

}  // namespace cordyna
