// What is done for an attempt, one step after the other.
#include <fcntl.h>
#include <fmt/format.h>

#include <algorithm>
#include <boost/json.hpp>
#include <utility>

#include "base/text.hpp"
#include "base/wipe.hpp"
#include "kubernetes/json_field.hpp"
#include "model/layout.hpp"
#include "process/kubernetes/job_executor_impl.hpp"
#include "process/kubernetes/steady.hpp"
#include "process/local/fd.hpp"
#include "process/local/output_log.hpp"

namespace cordyna {

using kubernetes::Answered;
using kubernetes::Api;
using kubernetes::ApiError;
using kubernetes::Apis;
using kubernetes::Fault;
using kubernetes::kContainer;
using kubernetes::Next;
using kubernetes::PodState;
using kubernetes::steady_ms;
using kubernetes::Verdict;

namespace {

namespace json = boost::json;

constexpr Millis kRetryFirst = 100;
constexpr Millis kRetryMost = 5'000;
constexpr Millis kLogFirst = 1'000;
constexpr Millis kLogMost = 10'000;
constexpr Millis kComesBack = 30'000;  // a cluster that was away knows nobody at first
constexpr Millis kPodsWait = 30'000;   // for pods of a Job that was deleted

json::value parsed_answer(const std::string& text) {
  boost::system::error_code problem;
  json::value value = json::parse(text, problem);
  return problem.failed() ? json::value() : value;
}

/// A quota that is used up is one that others give back.
bool is_quota(const ApiError& error) {
  return error.fault == Fault::kForbidden &&
         error.message.find("exceeded quota") != std::string::npos;
}

struct Refused {
  TaskErrorCode code;
  Phase phase;
};

/// What it means that a cluster does not take what it is asked for.
Refused meaning_of(const ApiError& error) {
  using C = TaskErrorCode;
  switch (error.fault) {
    case Fault::kUntrusted: return {C::kRemoteUntrusted, Phase::kStart};
    case Fault::kNobody:
    case Fault::kUnknown:
    case Fault::kForbidden: return {C::kAccessDenied, Phase::kStart};
    case Fault::kNotFound: return {C::kRemoteNotFound, Phase::kStart};
    case Fault::kInvalid: return {C::kInputInvalid, Phase::kStart};
    case Fault::kConflict: return {C::kSpawnFailed, Phase::kStart};
    case Fault::kAway:
    case Fault::kBusy:
    case Fault::kBroken: return {C::kSourceUnavailable, Phase::kInfra};
    case Fault::kGone:
    case Fault::kCancelled: break;
  }
  return {C::kInternal, Phase::kInfra};
}

Refused meaning_of(const Error& error) {
  using C = TaskErrorCode;
  switch (error.code) {
    case ErrorCode::kDenied: return {C::kAccessDenied, Phase::kPrepare};
    case ErrorCode::kNotFound: return {C::kToolMissing, Phase::kPrepare};
    case ErrorCode::kNoSpace: return {C::kNoSpace, Phase::kInfra};
    default: return {C::kSpawnFailed, Phase::kPrepare};
  }
}

}  // namespace

Api& KubernetesJobs::Impl::api_of(const Attempt& attempt, Apis& apis) const {
  const auto& cluster = attempt.place->cluster;
  auto& [kept, api] = apis[&cluster->credentials];
  if (api == nullptr) {
    // Those of clusters that rest are not needed any more.
    std::erase_if(apis, [&](const auto& item) {
      return item.second.first != nullptr && item.second.first.use_count() == 1;
    });
    auto& fresh = apis[&cluster->credentials];
    fresh = {cluster, std::make_unique<Api>(cluster->credentials, end_fd_)};
    return *fresh.second;
  }
  return *api;
}

Next KubernetesJobs::Impl::step(Attempt& attempt, Apis& apis) {
  if (attempt.early.has_value()) {
    report(attempt, ReportKind::kEnded, *std::move(attempt.early));
    return {-1, true};
  }
  take_news(attempt);
  if (attempt.place == nullptr) {
    if (attempt.cancelled && attempt.record.name.empty()) return finish_cancelled(attempt);
    const Result<> found = find_place(attempt);
    if (!found.has_value() && attempt.record.released) {
      // Its Job may run on: nothing is known of it until the cluster can be asked.
      note(attempt, found.error().message);
      return {kRetryMost, false};
    }
    if (!found.has_value()) {
      const Refused meant = meaning_of(found.error());
      return fail_with(attempt, meant.code, meant.phase, found.error().message);
    }
  }
  Api& api = api_of(attempt, apis);
  if (attempt.cancelled || attempt.doom.has_value()) return put_an_end(attempt, api);
  if (!attempt.record.released) return begin(attempt, api);
  if (!attempt.job_seen) return look_again(attempt, api);
  if (attempt.job.suspended && !attempt.job_deleted) return release(attempt, api);
  return follow(attempt, api);
}

void KubernetesJobs::Impl::take_news(Attempt& attempt) {
  kubernetes::News news;
  {
    const std::lock_guard lock(mutex_);
    std::swap(news, attempt.news);
  }
  // What is told of before we let it begin may come after the answer to that.
  if (news.job.has_value() && news.job->generation >= attempt.job.generation) {
    attempt.job = *std::move(news.job);
    attempt.job_seen = true;
  }
  attempt.job_deleted = attempt.job_deleted || news.job_deleted;
  if (news.job_missing && !attempt.job_deleted) attempt.job_seen = false;
  // Before the news: what came after the list is not in it.
  if (news.pods_listed != nullptr) {
    for (PodState& pod : attempt.pods) pod.gone = pod.gone || !news.pods_listed->contains(pod.uid);
  }
  for (PodState& fresh : news.pods) {
    const auto known = std::ranges::find(attempt.pods, fresh.uid, &PodState::uid);
    if (known == attempt.pods.end()) {
      attempt.pods.push_back(std::move(fresh));
    } else if (!known->gone) {
      *known = std::move(fresh);
    }
  }
  if (news.trouble.has_value()) {
    note(attempt, news.trouble->empty() ? "the cluster answers again"
                                        : *news.trouble + "; the Job goes on meanwhile");
  }
}

/// As often as the cluster does not answer, or is busy, for as long as it may be away.
Next KubernetesJobs::Impl::wait_for_cluster(Attempt& attempt, const ApiError& error) {
  const Millis now = steady_ms();
  if (error.fault == Fault::kCancelled) return {kRetryMost, false};
  if (error.passes()) attempt.away_last = now;
  if (attempt.away_since == 0) {
    attempt.away_since = now;
    attempt.delay = kRetryFirst;
  }
  const bool may_give_up =
      !attempt.record.released && !attempt.cancelled && !attempt.doom.has_value();
  if (may_give_up && now - attempt.away_since >= settings_.away_max) {
    return fail_with(attempt, TaskErrorCode::kSourceUnavailable, Phase::kInfra, error.message);
  }
  if (attempt.delay >= 8 * kRetryFirst) note(attempt, error.message + "; waiting for it");
  const Millis delay = std::max(attempt.delay, std::min<Millis>(error.retry_after, 60'000));
  attempt.delay = std::min(2 * attempt.delay, kRetryMost);
  return {delay, false};
}

/// Until the Job is there and may begin. Each call may be repeated after a crash.
Next KubernetesJobs::Impl::begin(Attempt& attempt, Api& api) {
  if (!attempt.folder.path().empty() && attempt.record.uid.empty()) {
    const Result<> saved = attempt.folder.save(attempt.record);
    if (!saved.has_value()) {
      const Refused meant = meaning_of(saved.error());
      return fail_with(attempt, meant.code, Phase::kInfra, saved.error().message);
    }
  }
  Answered<> done = make_job(attempt, api);
  if (done.has_value() && attempt.record.has_secret) done = make_secret(attempt, api);
  if (!done.has_value()) {
    const ApiError& error = done.error();
    const bool comes_back = (error.fault == Fault::kForbidden || error.fault == Fault::kUnknown) &&
                            attempt.away_last > 0 && steady_ms() - attempt.away_last < kComesBack;
    if (error.passes() || comes_back || is_quota(error) || error.fault == Fault::kCancelled) {
      return wait_for_cluster(attempt, error);
    }
    const Refused meant = meaning_of(error);
    if (!attempt.record.uid.empty()) {
      (void)api.remove(kubernetes::jobs_of(attempt.record.ns), attempt.record.name,
                       attempt.record.uid, kubernetes::Owned::kLater);
    }
    return fail_with(attempt, meant.code, meant.phase, error.message);
  }
  attempt.away_since = 0;
  attempt.masks = attempt.task->masks;
  attempt.masks_known = true;
  attempt.record.released = true;
  const Result<> saved = attempt.folder.save(attempt.record);
  if (!saved.has_value()) {
    attempt.record.released = false;
    (void)api.remove(kubernetes::jobs_of(attempt.record.ns), attempt.record.name,
                     attempt.record.uid, kubernetes::Owned::kLater);
    const Refused meant = meaning_of(saved.error());
    return fail_with(attempt, meant.code, Phase::kInfra, saved.error().message);
  }
  for (kubernetes::EnvVar& one : attempt.task->spec.env) wipe_secret(one.value);
  attempt.task.reset();
  return release(attempt, api);
}

/// Suspended, and known by its uid.
Answered<> KubernetesJobs::Impl::make_job(Attempt& attempt, Api& api) {
  kubernetes::JobRecord& record = attempt.record;
  const kubernetes::JobSpec& spec = attempt.task->spec;
  auto made = api.create(kubernetes::jobs_of(record.ns), kubernetes::job_json(spec));
  if (!made.has_value() && made.error().fault == Fault::kConflict) {
    auto there = api.get(kubernetes::jobs_of(record.ns), record.name);
    if (there.has_value() && kubernetes::parse_job(parsed_answer(*there)).attempt != spec.attempt) {
      return std::unexpected(ApiError{
          Fault::kConflict,
          fmt::format("a Job {0}/{1} is there, and it is not of this attempt; remove it: kubectl "
                      "delete job -n {0} {1}",
                      record.ns, record.name)});
    }
    made = std::move(there);
    // It went between the two calls: the next try makes it.
    if (!made.has_value() && made.error().fault == Fault::kNotFound)
      made.error().fault = Fault::kBroken;
  }
  if (!made.has_value()) return std::unexpected(std::move(made.error()));
  const kubernetes::JobState job = kubernetes::parse_job(parsed_answer(*made));
  if (job.uid.empty() || job.deleting) {
    return std::unexpected(ApiError{
        Fault::kBroken, fmt::format("the Job {}/{} is being removed", record.ns, record.name)});
  }
  record.uid = job.uid;
  know_job(attempt);
  return {};
}

Answered<> KubernetesJobs::Impl::make_secret(Attempt& attempt, Api& api) {
  const kubernetes::JobRecord& record = attempt.record;
  const kubernetes::Which which = kubernetes::secrets_of(record.ns);
  auto made = api.create(
      which, kubernetes::secret_json(attempt.task->spec, record.uid, attempt.task->masks));
  if (made.has_value()) return {};
  if (made.error().fault != Fault::kConflict) return std::unexpected(std::move(made.error()));
  // One of a try before, or of a Job of the same name that is about to go with it.
  auto removed = api.remove(which, record.name, {}, kubernetes::Owned::kLater);
  if (!removed.has_value()) return removed;
  made.error().fault = Fault::kBroken;
  return std::unexpected(std::move(made.error()));
}

Next KubernetesJobs::Impl::release(Attempt& attempt, Api& api) {
  const kubernetes::JobRecord& record = attempt.record;
  auto patched =
      api.patch(kubernetes::jobs_of(record.ns), record.name, kubernetes::release_json(record.uid));
  if (!patched.has_value()) {
    const ApiError& error = patched.error();
    const bool gone = error.fault == Fault::kNotFound || error.fault == Fault::kConflict;
    if (!gone && !error.passes() && error.fault != Fault::kCancelled) {
      // Of another uid it is refused as invalid: then ours is gone.
      const auto found = find_job(attempt, api);
      if (!found.has_value() && found.error().passes()) return wait_for_cluster(attempt, error);
      if (attempt.job_deleted) return follow(attempt, api);
      attempt.doom = Verdict{kubernetes::Fate::kNotStarted, error.message, nullptr};
      return put_an_end(attempt, api);
    }
    // A conflict may also be of two changes at once: what is there tells.
    attempt.job_seen = attempt.job_seen && !gone;
    return wait_for_cluster(attempt, error);
  }
  attempt.away_since = 0;
  attempt.job = kubernetes::parse_job(parsed_answer(*patched));
  attempt.job_seen = true;
  if (!std::exchange(attempt.acknowledged, true)) report(attempt, ReportKind::kAcknowledged);
  return follow(attempt, api);
}

/// After a restart, or when a list was without the Job.
Next KubernetesJobs::Impl::look_again(Attempt& attempt, Api& api) {
  const kubernetes::JobRecord& record = attempt.record;
  auto there = api.get(kubernetes::jobs_of(record.ns), record.name);
  if (!there.has_value() && there.error().fault != Fault::kNotFound) {
    if (!there.error().passes()) note(attempt, there.error().message + "; the Job may run on");
    return wait_for_cluster(attempt, there.error());
  }
  attempt.away_since = 0;
  attempt.job_seen = true;
  if (there.has_value()) {
    kubernetes::JobState job = kubernetes::parse_job(parsed_answer(*there));
    if (job.uid == record.uid) {
      attempt.job = std::move(job);
    } else {
      attempt.job_deleted = true;
    }
  } else {
    attempt.job.name = record.name;
    attempt.job_deleted = true;
  }
  if (auto read = read_pods(attempt, api); !read.has_value()) {
    attempt.job_seen = false;
    return wait_for_cluster(attempt, read.error());
  }
  if (attempt.job.suspended && !attempt.job_deleted) return release(attempt, api);
  if (!std::exchange(attempt.acknowledged, true)) report(attempt, ReportKind::kAcknowledged);
  return follow(attempt, api);
}

/// As they are now: a watch over pods may be behind the one over Jobs.
Answered<> KubernetesJobs::Impl::read_pods(Attempt& attempt, Api& api) {
  std::set<std::string> there;
  auto listed =
      api.list(kubernetes::pods_of(attempt.record.ns,
                                   "batch.kubernetes.io/controller-uid=" + attempt.record.uid),
               [&](const json::value& object) {
                 PodState pod = kubernetes::parse_pod(object);
                 there.insert(pod.uid);
                 const auto known = std::ranges::find(attempt.pods, pod.uid, &PodState::uid);
                 if (known == attempt.pods.end()) {
                   attempt.pods.push_back(std::move(pod));
                 } else {
                   *known = std::move(pod);
                 }
               });
  if (!listed.has_value()) return std::unexpected(std::move(listed.error()));
  for (PodState& pod : attempt.pods) pod.gone = pod.gone || !there.contains(pod.uid);
  return {};
}

/// It may begin, or has begun.
Next KubernetesJobs::Impl::follow(Attempt& attempt, Api& api) {
  const Millis now = steady_ms();
  const bool over = attempt.job.complete || attempt.job.failed;
  const PodState* pod = kubernetes::pod_that_counts(attempt.pods);
  if (over && !attempt.job_deleted && (pod == nullptr || !pod->is_over())) {
    const auto read = read_pods(attempt, api);
    if (!read.has_value() && read.error().passes()) return wait_for_cluster(attempt, read.error());
    pod = kubernetes::pod_that_counts(attempt.pods);
  }
  const bool began = std::ranges::any_of(attempt.pods, &PodState::began);
  if (began && !std::exchange(attempt.reported_start, true)) {
    attempt.started = clock_.now();
    report(attempt, ReportKind::kStarted);
  }
  if (attempt.job_deleted) {
    if (attempt.ending_since == 0) attempt.ending_since = now;
    const bool gone = std::ranges::all_of(attempt.pods, &PodState::is_over);
    if (!gone && now - attempt.ending_since < kPodsWait) return {1'000, false};
    return finish(attempt, api, kubernetes::judge_deleted(attempt.job, attempt.pods));
  }
  const bool pulls_in_vain = std::ranges::any_of(attempt.pods, [](const PodState& one) {
    return one.waiting == "ErrImagePull" || one.waiting == "ImagePullBackOff";
  });
  if (!pulls_in_vain) attempt.image_since = 0;
  if (pulls_in_vain && attempt.image_since == 0) attempt.image_since = now;
  const Millis patience = attempt.image_since == 0 ? 0 : now - attempt.image_since;
  if (auto verdict = kubernetes::judge(attempt.job, attempt.pods, patience); verdict.has_value()) {
    if (over) return finish(attempt, api, *verdict);
    verdict->pod = nullptr;
    attempt.doom = *std::move(verdict);
    return put_an_end(attempt, api);
  }
  if (pod != nullptr && !pod->unschedulable.empty()) {
    note(attempt, "no node takes the pod yet: " + printable(pod->unschedulable));
  }
  if (began && !attempt.log_full && now >= attempt.log_next) {
    const std::uint64_t before = attempt.log_bytes;
    (void)take_output(attempt, api);
    const Millis grown = attempt.log_delay + attempt.log_delay / 2;
    attempt.log_delay =
        attempt.log_bytes > before ? kLogFirst : std::clamp(grown, kLogFirst, kLogMost);
    attempt.log_next = steady_ms() + attempt.log_delay;
  }
  if (began && !attempt.log_full)
    return {std::max<Millis>(attempt.log_next - steady_ms(), 1), false};
  return {pulls_in_vain ? 10'000 : -1, false};
}

// Output.

/// Of one that was begun by an owner before: what it hides is kept beside its secrets.
void KubernetesJobs::Impl::learn_masks(Attempt& attempt, Api& api) {
  if (attempt.masks_known) return;
  if (attempt.record.has_secret) {
    auto secret = api.get(kubernetes::secrets_of(attempt.record.ns), attempt.record.name);
    if (!secret.has_value()) {
      attempt.masks_known = secret.error().fault == Fault::kNotFound;
      return;
    }
    attempt.masks = kubernetes::masks_of(*secret);
  }
  attempt.masks_known = true;
}

bool KubernetesJobs::Impl::take_output(Attempt& attempt, Api& api) {
  const PodState* const pod = kubernetes::pod_that_counts(attempt.pods);
  if (pod == nullptr || !pod->began || pod->gone || attempt.log_full) return true;
  learn_masks(attempt, api);
  if (!attempt.masks_known) return false;
  const local::Fd folder(
      ::open(attempt.folder.path().c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW));
  std::unique_ptr<local::OutputLog> log;
  kubernetes::LogReading reading(attempt.position);
  Millis last = 0;
  const auto read = api.output(attempt.record.ns, pod->name, kContainer, reading.since(),
                               [&](std::string_view line) {
                                 const auto fresh = reading.take(line);
                                 if (!fresh.has_value()) return true;
                                 if (log == nullptr) {
                                   log = std::make_unique<local::OutputLog>(
                                       folder.get(), settings_.log_bytes_max, attempt.masks);
                                   if (attempt.log_bytes > 0) log->go_on(attempt.log_bytes);
                                 }
                                 last = fresh->at;
                                 log->add(local::OutputStream::kOut, fresh->text, fresh->at);
                                 log->add(local::OutputStream::kOut, "\n", fresh->at);
                                 return !log->truncated() && log->error() == 0;
                               });
  if (log != nullptr) {
    log->finish(last);
    attempt.log_bytes = log->bytes();
    attempt.log_full = log->truncated() || log->error() != 0;
    attempt.folder.mark_log({attempt.position, attempt.log_bytes});
  }
  return read.has_value();
}

/// For people, in the log; the same is not said again.
void KubernetesJobs::Impl::note(Attempt& attempt, const std::string& text) {
  if (attempt.said == text) return;
  attempt.said = text;
  const local::Fd folder(
      ::open(attempt.folder.path().c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW));
  if (!folder.valid()) return;
  local::OutputLog log(folder.get(), settings_.log_bytes_max, attempt.masks);
  if (attempt.log_bytes > 0) log.go_on(attempt.log_bytes);
  log.note(text, clock_.now());
  attempt.log_bytes = log.bytes();
  attempt.folder.mark_log({attempt.position, attempt.log_bytes});
}

}  // namespace cordyna
