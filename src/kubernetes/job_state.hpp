/// What a cluster tells of a Job and its pods, and what that means for the one attempt it is.
///
/// Pure. Threads: any.
#pragma once

#include <boost/json/fwd.hpp>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/time.hpp"

namespace cordyna::kubernetes {

struct JobState {
  std::string name;
  std::string uid;
  std::string attempt;          ///< of its annotation
  std::int64_t generation = 0;  ///< grows with each change of what it is to be
  bool suspended = false;
  bool complete = false;
  bool failed = false;
  bool deleting = false;
  std::string reason;   ///< of the condition that it failed
  std::string message;  ///< the same for people
};

struct PodState {
  std::string name;
  std::string uid;
  std::string job;     ///< the uid of the Job that controls it; empty: none does
  std::string phase;   ///< Pending, Running, Succeeded, Failed, Unknown
  std::string reason;  ///< of the pod itself: Evicted, NodeLost, …
  std::string message;
  std::string node;
  bool deleting = false;
  bool gone = false;       ///< it was deleted: this is the last that was seen of it
  std::string disruption;  ///< why it was disturbed from outside; empty: it was not
  std::string disruption_message;
  std::string unschedulable;  ///< why no node takes it; empty: one does, or nobody looked yet
  std::string waiting;        ///< of the container: why it waits: ImagePullBackOff, …
  std::string waiting_message;
  bool began = false;  ///< the container ran, or has run
  bool ended = false;
  int exit_code = 0;
  int signal = 0;
  std::string end_reason;   ///< Completed, Error, OOMKilled, StartError, …
  std::string end_message;  ///< what it left at kMessagePath
  Millis finished = 0;

  [[nodiscard]] bool is_over() const { return gone || phase == "Succeeded" || phase == "Failed"; }
};

[[nodiscard]] JobState parse_job(const boost::json::value& job);
[[nodiscard]] PodState parse_pod(const boost::json::value& pod);

/// What became of it.
enum class Fate : std::uint8_t {
  kCompleted,
  kExited,  ///< with another code than 0
  kSignalled,
  kOutOfMemory,
  kNoSpace,      ///< it used more disk than it may
  kTooLong,      ///< the cluster's own limit on its time
  kEvicted,      ///< its node, or somebody, did not want it any more
  kNodeLost,     ///< its node does not answer any more
  kPodDeleted,   ///< by hand
  kJobDeleted,   ///< by hand
  kNoImage,      ///< there is no such image
  kImageDenied,  ///< the registry wants other credentials
  kImageAway,    ///< the registry does not answer
  kNotStarted,   ///< the container cannot begin: no such program, a missing Secret
  kUnknown,      ///< it has ended, and nothing is known of how
};

struct Verdict {
  Fate fate = Fate::kCompleted;
  std::string message;            ///< for people; empty where it completed
  const PodState* pod = nullptr;  ///< whose end it is; null: of none that is known
};

/// Of several pods of one Job the one that counts: of those that ended well the first, else the
/// first that failed, else the newest. Null: there is none.
[[nodiscard]] const PodState* pod_that_counts(const std::vector<PodState>& pods);

/// Nullopt: it has not ended. `patience`: how long its image has been asked for in vain; what may
/// pass is waited for.
[[nodiscard]] std::optional<Verdict> judge(const JobState& job, const std::vector<PodState>& pods,
                                           Millis patience);

/// Of a Job that was deleted, as it was seen last.
[[nodiscard]] Verdict judge_deleted(const JobState& job, const std::vector<PodState>& pods);

inline constexpr Millis kImagePatience = 300'000;

}  // namespace cordyna::kubernetes
