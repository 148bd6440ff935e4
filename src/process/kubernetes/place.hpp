/// A namespace of a cluster in which Jobs of ours are: who looks after what becomes of them.
///
/// Two threads, one for Jobs and one for pods, each with one watch over all of them: what a change
/// costs does not depend on how many there are. A watch that breaks off goes on where it was, or
/// begins with a list. Threads: any; the sinks are called from the two.
#pragma once

#include <functional>
#include <memory>
#include <set>
#include <string>
#include <thread>

#include "kubernetes/api.hpp"
#include "kubernetes/job_spec.hpp"
#include "kubernetes/job_state.hpp"

namespace cordyna::kubernetes {

struct PlaceSinks {
  std::function<void(const JobState& job, bool deleted)> job;
  std::function<void(const PodState& pod)> pod;
  /// After a list of all: the uids of the Jobs, and of the pods, that are there. `began`: steady;
  /// what was made since then may be missing.
  std::function<void(const std::set<std::string>& jobs, Millis began)> jobs_listed;
  std::function<void(const std::set<std::string>& pods)> pods_listed;
  /// A watch could not be had, for people; empty: it is there again.
  std::function<void(const std::string& trouble)> trouble;
};

class PlaceWatch {
 public:
  /// `owner`: whose Jobs, as their label says. Borrows the credentials.
  PlaceWatch(Credentials& credentials, std::string ns, std::string owner, PlaceSinks sinks);
  ~PlaceWatch();
  PlaceWatch(const PlaceWatch&) = delete;
  PlaceWatch& operator=(const PlaceWatch&) = delete;

 private:
  void watch_jobs();
  void watch_pods();
  template <class Listed, class Changed>
  void watch(const Which& which, const Listed& list, const Changed& change);
  [[nodiscard]] bool pause(Millis delay) const;

  Credentials& credentials_;
  const std::string ns_;
  const std::string selector_;
  const PlaceSinks sinks_;
  const int end_fd_;  ///< readable: it is to end
  std::thread jobs_;
  std::thread pods_;
};

}  // namespace cordyna::kubernetes
