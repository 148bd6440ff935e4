#include "process/kubernetes/job_executor.hpp"

#include <fmt/format.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>

#include "base/check.hpp"
#include "process/kubernetes/job_executor_impl.hpp"
#include "process/kubernetes/steady.hpp"
#include "process/local/outcome.hpp"

namespace cordyna {

using kubernetes::Access;
using kubernetes::AttemptRef;
using kubernetes::Cluster;
using kubernetes::JobState;
using kubernetes::Next;
using kubernetes::Place;
using kubernetes::PodState;
using kubernetes::steady_ms;

namespace {

constexpr Millis kPlaceRest = 30'000;  // a watch outlives its last attempt so long
constexpr const char* kRestName = "";  // in timed_: places are looked through

}  // namespace

KubernetesJobs::Impl::Impl(const StateLayout& layout, KubernetesSettings settings,
                           const Secrets& secrets, const Clock& clock, ReportSink sink)
    : layout_(layout),
      settings_(std::move(settings)),
      secrets_(secrets),
      clock_(clock),
      sink_(std::move(sink)),
      end_fd_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {
  CHECK(end_fd_ >= 0);
  workers_.reserve(kubernetes::kWorkers);
  for (int i = 0; i < kubernetes::kWorkers; ++i) workers_.emplace_back([this] { work(); });
}

KubernetesJobs::Impl::~Impl() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  (void)::eventfd_write(end_fd_, 1);
  work_there_.notify_all();
  for (std::thread& worker : workers_) worker.join();
  for (auto& [key, place] : places_) place->watch.reset();
  ::close(end_fd_);
}

std::string KubernetesJobs::Impl::name_of(const AttemptKey& key, TaskIndex task) const {
  return layout_.attempt_folder(key.run, task, key.attempt, items_in_path(key.path));
}

AttemptRef KubernetesJobs::Impl::make(const AttemptKey& key, const std::string& name) const {
  auto attempt = std::make_shared<Attempt>();
  attempt->key = key;
  attempt->name = name;
  attempt->folder = kubernetes::JobFolder(name);
  return attempt;
}

bool KubernetesJobs::Impl::knows(const std::string& name) {
  const std::lock_guard lock(mutex_);
  return attempts_.contains(name);
}

void KubernetesJobs::Impl::add(const AttemptRef& attempt) {
  const std::lock_guard lock(mutex_);
  if (attempts_.emplace(attempt->name, attempt).second) enqueue(*attempt);
}

void KubernetesJobs::Impl::end_early(const AttemptRef& attempt, Outcome outcome) {
  attempt->early = std::move(outcome);
  add(attempt);
}

/// Under the mutex.
void KubernetesJobs::Impl::enqueue(Attempt& attempt) {
  if (attempt.busy) attempt.again = true;
  if (attempt.busy || attempt.queued) return;
  const auto found = attempts_.find(attempt.name);
  if (found == attempts_.end()) return;
  attempt.queued = true;
  ready_.push_back(found->second);
  work_there_.notify_one();
}

void KubernetesJobs::Impl::start(const StartAttempt& command) {
  const std::string name = name_of(command.key, command.task);
  if (knows(name)) return;  // a repeat
  const AttemptRef attempt = make(command.key, name);
  auto task = kubernetes::render_task(secrets_, command);
  if (!task.has_value()) {
    Outcome outcome;
    outcome.state = AttemptState::kFailed;
    outcome.error = std::move(task.error());
    end_early(attempt, std::move(outcome));
    return;
  }
  attempt->record.context = task->wanted.context;
  attempt->record.name = task->spec.name;
  attempt->record.stays = task->stays;
  attempt->record.has_secret = kubernetes::has_secret(task->spec);
  attempt->task = *std::move(task);
  add(attempt);
}

void KubernetesJobs::Impl::adopt(const StartAttempt& command) {
  const std::string name = name_of(command.key, command.task);
  if (knows(name)) return;
  const AttemptRef attempt = make(command.key, name);
  const auto ended = attempt->folder.ended();
  if (ended.has_value() && ended->has_value()) {
    end_early(attempt, local::make_outcome(**ended, name, ReportTrust::kAll));
    return;
  }
  auto job = attempt->folder.job();
  if (!ended.has_value() || !job.has_value()) {
    const Error& error = ended.has_value() ? job.error() : ended.error();
    end_early(attempt, local::failed_outcome(TaskErrorCode::kLost, Phase::kInfra, error.message));
    return;
  }
  if (!job->has_value() || !(*job)->released) {
    start(command);  // it has not begun; what is there of it is taken up by its name
    return;
  }
  attempt->record = **std::move(job);
  const kubernetes::LogMark mark = attempt->folder.cut_log();
  attempt->position = mark.position;
  attempt->log_bytes = mark.log_bytes;
  add(attempt);
}

void KubernetesJobs::Impl::cancel(const CancelAttempt& command) {
  const std::string name = name_of(command.key, command.task);
  {
    const std::lock_guard lock(mutex_);
    const auto found = attempts_.find(name);
    if (found != attempts_.end()) {
      found->second->cancelled = true;
      enqueue(*found->second);
      return;
    }
  }
  // From before a restart, or never begun.
  const AttemptRef attempt = make(command.key, name);
  const auto ended = attempt->folder.ended();
  if (ended.has_value() && ended->has_value()) {
    end_early(attempt, local::make_outcome(**ended, name, ReportTrust::kAll));
    return;
  }
  auto job = attempt->folder.job();
  if (!job.has_value() || !job->has_value()) {
    local::ExitRecord record;
    record.cancelled = true;
    record.started = record.ended = clock_.now();
    (void)attempt->folder.end(record);  // an order that is still to come finds that it has ended
    end_early(attempt, local::cancelled_outcome());
    return;
  }
  attempt->record = **std::move(job);
  attempt->cancelled = true;
  const kubernetes::LogMark mark = attempt->folder.cut_log();
  attempt->position = mark.position;
  attempt->log_bytes = mark.log_bytes;
  add(attempt);
}

void KubernetesJobs::Impl::report(const Attempt& attempt, ReportKind kind, Outcome outcome) {
  AttemptReport report{attempt.key, kind, std::move(outcome)};
  if (kind == ReportKind::kAcknowledged && attempt.place != nullptr) {
    report.detail = fmt::format("Job {}/{} of {}", attempt.record.ns, attempt.record.name,
                                attempt.place->cluster->credentials.access().context);
  }
  (void)sink_(std::move(report));
}

// Workers.

void KubernetesJobs::Impl::work() {
  kubernetes::Apis apis;
  while (const AttemptRef attempt = next()) {
    put_back(attempt, step(*attempt, apis));
  }
}

/// Null: there is no more.
AttemptRef KubernetesJobs::Impl::next() {
  std::unique_lock lock(mutex_);
  while (!stopping_) {
    while (!timed_.empty() && timed_.begin()->first <= steady_ms()) {
      const std::string name = timed_.begin()->second;
      timed_.erase(timed_.begin());
      if (name == kRestName) {
        lock.unlock();
        rest_places();
        lock.lock();
        continue;
      }
      const auto found = attempts_.find(name);
      if (found != attempts_.end()) enqueue(*found->second);
    }
    if (!ready_.empty()) {
      AttemptRef attempt = std::move(ready_.front());
      ready_.erase(ready_.begin());
      attempt->queued = false;
      attempt->busy = true;
      return attempt;
    }
    if (timed_.empty()) {
      work_there_.wait(lock);
    } else {
      const Millis left = std::max<Millis>(timed_.begin()->first - steady_ms(), 1);
      work_there_.wait_for(lock, std::chrono::milliseconds(left));
    }
  }
  return nullptr;
}

void KubernetesJobs::Impl::put_back(const AttemptRef& attempt, const Next& next) {
  if (next.done) {
    leave(attempt);
    return;
  }
  const std::lock_guard lock(mutex_);
  attempt->busy = false;
  if (attempt->due > 0) timed_.erase({std::exchange(attempt->due, 0), attempt->name});
  if (std::exchange(attempt->again, false)) {
    enqueue(*attempt);
  } else if (next.delay >= 0) {
    attempt->due = steady_ms() + next.delay;
    timed_.emplace(attempt->due, attempt->name);
    work_there_.notify_one();
  }
}

// Places.

Result<std::string> KubernetesJobs::Impl::owner() {
  {
    const std::lock_guard lock(mutex_);
    if (!owner_.empty()) return owner_;
  }
  TRY_ASSIGN(std::string id, kubernetes::owner_id(layout_.folder()));
  const std::lock_guard lock(mutex_);
  if (owner_.empty()) owner_ = std::move(id);
  return owner_;
}

Result<std::shared_ptr<Cluster>> KubernetesJobs::Impl::cluster_of(const std::string& context) {
  {
    const std::lock_guard lock(mutex_);
    const auto found = clusters_.find(context);
    if (found != clusters_.end()) return found->second;
  }
  TRY_ASSIGN(Access access, kubernetes::find_access(context, settings_.variable));
  auto cluster = std::make_shared<Cluster>(std::move(access));
  const std::lock_guard lock(mutex_);
  return clusters_.try_emplace(context, std::move(cluster)).first->second;
}

/// Where its Job is, or is to be.
Result<> KubernetesJobs::Impl::find_place(Attempt& attempt) {
  const kubernetes::Policy policy =
      kubernetes::make_policy(settings_.variable(kubernetes::kContextsVariable),
                              settings_.variable(kubernetes::kNamespacesVariable),
                              settings_.variable(kubernetes::kAccountsVariable));
  // What was allowed when it began is not taken away from one that runs.
  if (attempt.task.has_value()) TRY(kubernetes::check_context(policy, attempt.task->wanted));
  TRY_ASSIGN(std::shared_ptr<Cluster> cluster, cluster_of(attempt.record.context));
  if (attempt.task.has_value()) {
    TRY_ASSIGN(attempt.record.ns, kubernetes::check_namespace(policy, attempt.task->wanted,
                                                              cluster->credentials.access().ns));
    attempt.task->spec.ns = attempt.record.ns;
    TRY_ASSIGN(attempt.task->spec.owner, owner());
  }
  TRY_ASSIGN(const std::string id, owner());
  std::shared_ptr<Place> place;
  {
    const std::lock_guard lock(mutex_);
    auto& at = places_[{attempt.record.context, attempt.record.ns}];
    if (at == nullptr)
      at = std::make_shared<Place>(Place{std::move(cluster), attempt.record.ns, nullptr});
    place = at;
    ++place->attempts;
    attempt.watched_in = place.get();
    if (place->watch == nullptr) {
      place->watch = std::make_unique<kubernetes::PlaceWatch>(place->cluster->credentials,
                                                              place->ns, id, sinks_of(place));
    }
  }
  attempt.place = std::move(place);
  know_job(attempt);
  return {};
}

/// From now on what is told of its Job is told to it.
void KubernetesJobs::Impl::know_job(Attempt& attempt) {
  if (attempt.record.uid.empty()) return;
  const std::lock_guard lock(mutex_);
  const auto found = attempts_.find(attempt.name);
  if (found == attempts_.end()) return;
  by_job_[attempt.record.uid] = found->second;
  attempt.known_since = steady_ms();
}

void KubernetesJobs::Impl::leave(const AttemptRef& attempt) {
  const std::lock_guard lock(mutex_);
  attempts_.erase(attempt->name);
  by_job_.erase(attempt->record.uid);
  if (attempt->place == nullptr) return;
  Place& place = *attempt->place;
  if (--place.attempts > 0) return;
  place.idle_since = steady_ms();
  timed_.emplace(place.idle_since + kPlaceRest, kRestName);
  work_there_.notify_one();
}

/// Where nothing has been for a while nobody looks any more, and the kubeconfig is read anew.
void KubernetesJobs::Impl::rest_places() {
  std::vector<std::shared_ptr<Place>> resting;
  {
    const std::lock_guard lock(mutex_);
    const Millis now = steady_ms();
    std::erase_if(places_, [&](const auto& item) {
      const Place& place = *item.second;
      if (place.attempts > 0 || place.idle_since + kPlaceRest > now) return false;
      resting.push_back(item.second);
      clusters_.erase(item.first.first);
      return true;
    });
  }
  for (const auto& place : resting) place->watch.reset();
}

kubernetes::PlaceSinks KubernetesJobs::Impl::sinks_of(const std::shared_ptr<Place>& place) {
  const Place* const where = place.get();  // its watch is a part of it
  kubernetes::PlaceSinks sinks;
  sinks.job = [this](const JobState& job, bool deleted) { on_job(job, deleted); };
  sinks.pod = [this](const PodState& pod) { on_pod(pod); };
  sinks.jobs_listed = [this, where](const auto& uids, Millis began) {
    on_jobs_listed(*where, uids, began);
  };
  sinks.pods_listed = [this, where](const auto& uids) { on_pods_listed(*where, uids); };
  sinks.trouble = [this, where](const std::string& trouble) { on_trouble(*where, trouble); };
  return sinks;
}

void KubernetesJobs::Impl::on_job(const JobState& job, bool deleted) {
  const std::lock_guard lock(mutex_);
  const auto found = by_job_.find(job.uid);
  if (found == by_job_.end()) return;
  kubernetes::News& news = found->second->news;
  news.job = job;
  news.job_deleted = news.job_deleted || deleted;
  enqueue(*found->second);
}

void KubernetesJobs::Impl::on_pod(const PodState& pod) {
  const std::lock_guard lock(mutex_);
  const auto found = by_job_.find(pod.job);
  if (found == by_job_.end()) return;
  std::vector<PodState>& pods = found->second->news.pods;
  std::erase_if(pods, [&](const PodState& known) { return known.uid == pod.uid; });
  pods.push_back(pod);
  enqueue(*found->second);
}

/// What was deleted while nobody was told is not in a list any more. That is no proof: it is looked
/// after.
void KubernetesJobs::Impl::on_jobs_listed(const Place& place, const std::set<std::string>& uids,
                                          Millis began) {
  const std::lock_guard lock(mutex_);
  for (const auto& [uid, attempt] : by_job_) {
    if (attempt->watched_in != &place || uids.contains(uid)) continue;
    if (attempt->known_since >= began) continue;
    attempt->news.job_missing = true;
    enqueue(*attempt);
  }
}

void KubernetesJobs::Impl::on_pods_listed(const Place& place, const std::set<std::string>& uids) {
  const auto shared = std::make_shared<const std::set<std::string>>(uids);
  const std::lock_guard lock(mutex_);
  for (const auto& [uid, attempt] : by_job_) {
    if (attempt->watched_in != &place) continue;
    attempt->news.pods_listed = shared;
    // What was told before it and not looked at yet.
    for (PodState& pod : attempt->news.pods) pod.gone = pod.gone || !uids.contains(pod.uid);
    enqueue(*attempt);
  }
}

void KubernetesJobs::Impl::on_trouble(const Place& place, const std::string& trouble) {
  const std::lock_guard lock(mutex_);
  for (const auto& [uid, attempt] : by_job_) {
    if (attempt->watched_in != &place) continue;
    attempt->news.trouble = trouble;
    enqueue(*attempt);
  }
}

KubernetesJobs::KubernetesJobs(const StateLayout& layout, KubernetesSettings settings,
                               const Secrets& secrets, const Clock& clock, ReportSink sink)
    : impl_(std::make_unique<Impl>(layout, std::move(settings), secrets, clock, std::move(sink))) {}

KubernetesJobs::~KubernetesJobs() = default;
void KubernetesJobs::start(const StartAttempt& command) {
  impl_->start(command);
}
void KubernetesJobs::cancel(const CancelAttempt& command) {
  impl_->cancel(command);
}
void KubernetesJobs::adopt(const StartAttempt& command) {
  impl_->adopt(command);
}

}  // namespace cordyna
