/// The inside of KubernetesJobs: what callers and watches do (job_executor.cpp), what is done for
/// an attempt (job_steps.cpp), and how it ends (job_end.cpp).
///
/// One mutex guards the bookkeeping; no file or connection is touched under it. An attempt is with
/// one worker at a time, which alone touches what is marked so.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "base/result.hpp"
#include "kubernetes/api.hpp"
#include "process/kubernetes/job_executor.hpp"
#include "process/kubernetes/job_folder.hpp"
#include "process/kubernetes/job_task.hpp"
#include "process/kubernetes/place.hpp"

namespace cordyna {
namespace kubernetes {

inline constexpr int kWorkers = 6;

/// A context: who we are there.
struct Cluster {
  explicit Cluster(Access access) : credentials(std::move(access)) {}
  Credentials credentials;
};

/// A namespace of it.
struct Place {
  std::shared_ptr<Cluster> cluster;
  std::string ns;
  std::unique_ptr<PlaceWatch> watch;  ///< while attempts are there
  int attempts = 0;
  Millis idle_since = 0;  ///< steady
};

/// What watches told since a worker looked last. Guarded by the mutex.
struct News {
  std::optional<JobState> job;
  bool job_deleted = false;
  bool job_missing = false;  ///< a list was without it: it may be gone
  std::vector<PodState> pods;
  std::shared_ptr<const std::set<std::string>> pods_listed;  ///< uids; null: no list came
  std::optional<std::string> trouble;                        ///< of the watches; empty: it is over
};

/// An attempt. The mutex guards it down to `due`; the rest is of the worker that has it.
struct Attempt {
  AttemptKey key;
  std::string name;  ///< "<run>/<task>-<attempt>"
  News news;
  bool cancelled = false;
  bool queued = false;
  bool busy = false;
  const Place* watched_in = nullptr;
  bool again = false;      ///< news came while it was busy
  Millis known_since = 0;  ///< steady, of its Job's uid
  Millis due = 0;          ///< steady, of its entry in timed_; 0: it has none

  std::optional<Outcome> early;  ///< it ended before anything was asked of a cluster
  JobFolder folder{{}};
  std::optional<JobTask> task;  ///< until it is let begin
  JobRecord record;
  std::shared_ptr<Place> place;
  JobState job;
  bool job_seen = false;
  bool job_deleted = false;
  std::vector<PodState> pods;
  std::vector<std::string> masks;
  bool masks_known = false;
  LogPosition position;
  std::uint64_t log_bytes = 0;
  bool log_full = false;
  int log_failures = 0;
  Millis log_next = 0;  ///< steady
  Millis log_delay = 0;
  Millis away_last = 0;     ///< steady; when the cluster last did not answer; 0: it always did
  Millis away_since = 0;    ///< steady; 0: the cluster answers
  Millis delay = 0;         ///< before the next try
  Millis image_since = 0;   ///< steady; since when its image is asked for in vain
  Millis ending_since = 0;  ///< steady; 0: it is not being ended
  Millis started = 0;       ///< by the clock
  bool acknowledged = false;
  bool reported_start = false;
  bool forced = false;          ///< its pods were deleted without waiting for their node
  std::string said;             ///< the last note in the log
  std::optional<Verdict> doom;  ///< why it is being ended; without its pod
};
using AttemptRef = std::shared_ptr<Attempt>;

/// What a step of an attempt comes to.
struct Next {
  Millis delay = -1;  ///< until its next step; -1: when there is news
  bool done = false;
};

/// Connections of one worker.
using Apis =
    std::map<const Credentials*, std::pair<std::shared_ptr<Cluster>, std::unique_ptr<Api>>>;

}  // namespace kubernetes

class KubernetesJobs::Impl {
 public:
  Impl(const StateLayout& layout, KubernetesSettings settings, const Secrets& secrets,
       const Clock& clock, ReportSink sink);
  ~Impl();
  Impl(const Impl&) = delete;
  Impl& operator=(const Impl&) = delete;

  void start(const StartAttempt& command);
  void cancel(const CancelAttempt& command);
  void adopt(const StartAttempt& command);

 private:
  using Attempt = kubernetes::Attempt;
  using AttemptRef = kubernetes::AttemptRef;
  using Next = kubernetes::Next;
  using Api = kubernetes::Api;

  // job_executor.cpp
  [[nodiscard]] std::string name_of(const AttemptKey& key, TaskIndex task) const;
  [[nodiscard]] AttemptRef make(const AttemptKey& key, const std::string& name) const;
  [[nodiscard]] bool knows(const std::string& name);
  void add(const AttemptRef& attempt);
  /// Its report is a worker's: callers must not wait for cerebro, whose thread they may be.
  void end_early(const AttemptRef& attempt, Outcome outcome);
  void enqueue(Attempt& attempt);
  void work();
  [[nodiscard]] AttemptRef next();
  void put_back(const AttemptRef& attempt, const Next& next);
  void rest_places();
  [[nodiscard]] Result<> find_place(Attempt& attempt);
  [[nodiscard]] Result<std::shared_ptr<kubernetes::Cluster>> cluster_of(const std::string& context);
  [[nodiscard]] Result<std::string> owner();
  [[nodiscard]] kubernetes::PlaceSinks sinks_of(const std::shared_ptr<kubernetes::Place>& place);
  void leave(const AttemptRef& attempt);
  void on_job(const kubernetes::JobState& job, bool deleted);
  void on_pod(const kubernetes::PodState& pod);
  void on_jobs_listed(const kubernetes::Place& place, const std::set<std::string>& uids,
                      Millis began);
  void on_pods_listed(const kubernetes::Place& place, const std::set<std::string>& uids);
  void on_trouble(const kubernetes::Place& place, const std::string& trouble);
  void know_job(Attempt& attempt);
  void report(const Attempt& attempt, ReportKind kind, Outcome outcome = {});

  // job_steps.cpp
  [[nodiscard]] Next step(Attempt& attempt, kubernetes::Apis& apis);
  void take_news(Attempt& attempt);
  [[nodiscard]] Api& api_of(const Attempt& attempt, kubernetes::Apis& apis) const;
  [[nodiscard]] Next begin(Attempt& attempt, Api& api);
  [[nodiscard]] kubernetes::Answered<> make_job(Attempt& attempt, Api& api);
  [[nodiscard]] kubernetes::Answered<> make_secret(Attempt& attempt, Api& api);
  [[nodiscard]] Next release(Attempt& attempt, Api& api);
  [[nodiscard]] Next look_again(Attempt& attempt, Api& api);
  [[nodiscard]] kubernetes::Answered<> read_pods(Attempt& attempt, Api& api);
  [[nodiscard]] Next follow(Attempt& attempt, Api& api);
  [[nodiscard]] Next wait_for_cluster(Attempt& attempt, const kubernetes::ApiError& error);
  void learn_masks(Attempt& attempt, Api& api);
  /// False: it could not be read.
  bool take_output(Attempt& attempt, Api& api);
  void note(Attempt& attempt, const std::string& text);

  // job_end.cpp
  [[nodiscard]] kubernetes::Answered<> find_job(Attempt& attempt, Api& api);
  [[nodiscard]] Next put_an_end(Attempt& attempt, Api& api);
  [[nodiscard]] Next finish(Attempt& attempt, Api& api, const kubernetes::Verdict& verdict);
  [[nodiscard]] Next fail_with(Attempt& attempt, TaskErrorCode code, Phase phase,
                               const std::string& message);
  [[nodiscard]] Next finish_cancelled(Attempt& attempt);
  [[nodiscard]] Next write_end(Attempt& attempt, const local::ExitRecord& record,
                               const std::string& report);
  void last_output(Attempt& attempt, Api& api);

  const StateLayout layout_;
  const KubernetesSettings settings_;
  const Secrets& secrets_;
  const Clock& clock_;
  const ReportSink sink_;
  const int end_fd_;  ///< readable: all is to end

  std::mutex mutex_;  ///< guards what follows; no I/O under it
  std::condition_variable work_there_;
  bool stopping_ = false;
  std::string owner_;                           ///< the id of the state folder; empty: not read yet
  std::map<std::string, AttemptRef> attempts_;  ///< by name
  std::map<std::string, AttemptRef> by_job_;    ///< by the uid of the Job
  std::vector<AttemptRef> ready_;
  std::set<std::pair<Millis, std::string>> timed_;                        ///< steady, name
  std::map<std::string, std::shared_ptr<kubernetes::Cluster>> clusters_;  ///< by context
  std::map<std::pair<std::string, std::string>, std::shared_ptr<kubernetes::Place>> places_;
  std::vector<std::thread> workers_;
};

}  // namespace cordyna
