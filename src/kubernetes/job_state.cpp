#include "kubernetes/job_state.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <boost/json.hpp>
#include <string_view>

#include "base/text.hpp"
#include "base/words.hpp"
#include "kubernetes/job_spec.hpp"
#include "kubernetes/json_field.hpp"

namespace cordyna::kubernetes {
namespace {

namespace json = boost::json;

constexpr std::size_t kWordsMax = 500;
constexpr int kKilledCode = 137;  // 128 + SIGKILL

/// The condition of this type that is true. Null: there is none.
const json::value* condition(const json::value& object, std::string_view type,
                             std::string_view status = "True") {
  const json::array* list = list_at(object, {"status", "conditions"});
  if (list == nullptr) return nullptr;
  for (const json::value& one : *list) {
    if (text_at(one, {"type"}) == type && text_at(one, {"status"}) == status) return &one;
  }
  return nullptr;
}

std::string words(std::string_view text) {
  return printable(text.substr(0, kWordsMax));
}

void read_container(const json::value& status, PodState& pod) {
  if (const json::value* waiting = value_at(status, {"state", "waiting"}); waiting != nullptr) {
    pod.waiting = text_at(*waiting, {"reason"});
    pod.waiting_message = text_at(*waiting, {"message"});
  }
  pod.began = value_at(status, {"state", "running"}) != nullptr;
  const json::value* end = value_at(status, {"state", "terminated"});
  if (end == nullptr) return;
  pod.began = true;
  pod.ended = true;
  pod.exit_code = static_cast<int>(number_at(*end, {"exitCode"}).value_or(-1));
  pod.signal = static_cast<int>(number_at(*end, {"signal"}).value_or(0));
  pod.end_reason = text_at(*end, {"reason"});
  pod.end_message = text_at(*end, {"message"});
  pod.finished = parse_timestamp(text_at(*end, {"finishedAt"})).value_or(0);
}

Verdict of_image(const PodState& pod) {
  const std::string said = ascii_lower(pod.waiting_message);
  const auto says = [&](std::string_view word) { return said.find(word) != std::string::npos; };
  Fate fate = Fate::kImageAway;
  if (says("not found") || says("manifest unknown") || says("does not exist")) {
    fate = Fate::kNoImage;
  }
  if (says("unauthorized") || says("denied") || says("forbidden")) fate = Fate::kImageDenied;
  return {
      fate,
      fmt::format("the image cannot be pulled ({}): {}", pod.waiting, words(pod.waiting_message)),
      &pod};
}

/// Of one that waits for what will not come. Nullopt: it may.
std::optional<Verdict> of_waiting(const PodState& pod, Millis patience) {
  const std::string& why = pod.waiting;
  if (pod.is_over() || why.empty()) return std::nullopt;
  if (why == "ErrImagePull" || why == "ImagePullBackOff") {
    Verdict verdict = of_image(pod);
    if (verdict.fate == Fate::kImageAway && patience < kImagePatience) return std::nullopt;
    return verdict;
  }
  constexpr std::array<std::string_view, 2> kNoImages{"InvalidImageName", "ErrImageNeverPull"};
  constexpr std::array<std::string_view, 5> kNeverStart{"CreateContainerConfigError",
                                                        "CreateContainerError", "RunContainerError",
                                                        "StartError", "CrashLoopBackOff"};
  const std::string message =
      fmt::format("the container cannot be started ({}): {}", why, words(pod.waiting_message));
  if (std::ranges::find(kNoImages, why) != kNoImages.end())
    return Verdict{Fate::kNoImage, message, &pod};
  if (std::ranges::find(kNeverStart, why) != kNeverStart.end()) {
    return Verdict{Fate::kNotStarted, message, &pod};
  }
  return std::nullopt;
}

std::string where(const PodState& pod) {
  return pod.node.empty() ? std::string() : fmt::format(" on the node {}", printable(pod.node));
}

/// A pod that ended without having been let to.
std::optional<Verdict> of_disturbed(const PodState& pod) {
  if (pod.reason == "NodeLost") {
    return Verdict{Fate::kNodeLost,
                   fmt::format("the node {} does not answer any more: {}", printable(pod.node),
                               words(pod.message)),
                   &pod};
  }
  if (pod.reason == "Evicted") {
    // Its own limit on disk, which the kubelet words so.
    const bool own_limit = pod.message.find("ephemeral local storage") != std::string::npos ||
                           pod.message.find("ephemeral-storage") != std::string::npos;
    const bool exceeds = pod.message.find("exceeds") != std::string::npos;
    return Verdict{own_limit && exceeds ? Fate::kNoSpace : Fate::kEvicted,
                   fmt::format("the pod was evicted{}: {}", where(pod), words(pod.message)), &pod};
  }
  if (!pod.disruption.empty()) {
    const bool lost =
        pod.disruption == "DeletionByTaintManager" || pod.disruption == "DeletionByPodGC";
    return Verdict{lost ? Fate::kNodeLost : Fate::kEvicted,
                   fmt::format("the pod was ended from outside ({}){}: {}", pod.disruption,
                               where(pod), words(pod.disruption_message)),
                   &pod};
  }
  return std::nullopt;
}

Verdict of_failed_pod(const PodState& pod) {
  if (pod.end_reason == "OOMKilled") {
    return {Fate::kOutOfMemory, "out of memory: the container wanted more than it may have", &pod};
  }
  if (auto disturbed = of_disturbed(pod); disturbed.has_value()) return *std::move(disturbed);
  if (pod.deleting || (pod.gone && !pod.ended)) {
    return {Fate::kPodDeleted, fmt::format("the pod {} was deleted by somebody else", pod.name),
            &pod};
  }
  if (!pod.ended) {
    return {Fate::kUnknown,
            fmt::format("the pod failed{} before its container began ({}): {}", where(pod),
                        pod.reason, words(pod.message)),
            &pod};
  }
  if (pod.end_reason == "StartError" || pod.end_reason == "ContainerCannotRun") {
    return {Fate::kNotStarted, "the container cannot be started: " + words(pod.end_message), &pod};
  }
  if (pod.signal != 0 || pod.exit_code == kKilledCode) {
    return {Fate::kSignalled,
            fmt::format("the container was ended by signal {}", pod.signal != 0 ? pod.signal : 9),
            &pod};
  }
  return {Fate::kExited, fmt::format("exit code {}", pod.exit_code), &pod};
}

/// Which of two counts; both are pods of one Job.
bool counts_before(const PodState& a, const PodState& b) {
  const auto rank = [](const PodState& pod) {
    return pod.phase == "Succeeded" ? 0 : pod.phase == "Failed" ? 1 : pod.gone ? 3 : 2;
  };
  if (rank(a) != rank(b)) return rank(a) < rank(b);
  if (a.finished != b.finished) return a.finished < b.finished;
  return a.name < b.name;
}

}  // namespace

JobState parse_job(const json::value& object) {
  JobState job;
  job.name = text_at(object, {"metadata", "name"});
  job.uid = text_at(object, {"metadata", "uid"});
  job.attempt = text_at(object, {"metadata", "annotations", kAttemptNote});
  job.generation = number_at(object, {"metadata", "generation"}).value_or(0);
  job.suspended = flag_at(object, {"spec", "suspend"});
  job.deleting = value_at(object, {"metadata", "deletionTimestamp"}) != nullptr;
  job.complete = condition(object, "Complete") != nullptr;
  if (const json::value* failed = condition(object, "Failed"); failed != nullptr) {
    job.failed = true;
    job.reason = text_at(*failed, {"reason"});
    job.message = text_at(*failed, {"message"});
  }
  return job;
}

PodState parse_pod(const json::value& object) {
  PodState pod;
  pod.name = text_at(object, {"metadata", "name"});
  pod.uid = text_at(object, {"metadata", "uid"});
  if (const json::array* owners = list_at(object, {"metadata", "ownerReferences"});
      owners != nullptr) {
    for (const json::value& owner : *owners) {
      if (text_at(owner, {"kind"}) == "Job" && flag_at(owner, {"controller"})) {
        pod.job = text_at(owner, {"uid"});
      }
    }
  }
  pod.phase = text_at(object, {"status", "phase"});
  pod.reason = text_at(object, {"status", "reason"});
  pod.message = text_at(object, {"status", "message"});
  pod.node = text_at(object, {"spec", "nodeName"});
  pod.deleting = value_at(object, {"metadata", "deletionTimestamp"}) != nullptr;
  if (const json::value* disturbed = condition(object, "DisruptionTarget"); disturbed != nullptr) {
    pod.disruption = text_at(*disturbed, {"reason"});
    pod.disruption_message = text_at(*disturbed, {"message"});
  }
  const json::value* placed = condition(object, "PodScheduled", "False");
  if (placed != nullptr) pod.unschedulable = text_at(*placed, {"message"});
  if (const json::array* all = list_at(object, {"status", "containerStatuses"}); all != nullptr) {
    for (const json::value& status : *all) {
      if (text_at(status, {"name"}) == kContainer) read_container(status, pod);
    }
  }
  return pod;
}

const PodState* pod_that_counts(const std::vector<PodState>& pods) {
  const auto found = std::ranges::min_element(pods, counts_before);
  return found == pods.end() ? nullptr : &*found;
}

std::optional<Verdict> judge(const JobState& job, const std::vector<PodState>& pods,
                             Millis patience) {
  const PodState* const pod = pod_that_counts(pods);
  if (job.complete) {
    if (pod != nullptr && pod->phase == "Succeeded") return Verdict{Fate::kCompleted, {}, pod};
    return Verdict{Fate::kUnknown,
                   "the Job completed, but its pod was removed before its outputs could be read",
                   pod};
  }
  if (!job.failed) {
    for (const PodState& one : pods) {
      if (auto waits = of_waiting(one, patience); waits.has_value()) return waits;
    }
    return std::nullopt;
  }
  if (job.reason == "DeadlineExceeded") {
    return Verdict{Fate::kTooLong, "the cluster ended it: " + words(job.message), pod};
  }
  if (pod != nullptr) return of_failed_pod(*pod);
  return Verdict{Fate::kUnknown,
                 fmt::format("the Job failed ({}), and nothing is known of its pod: {}", job.reason,
                             words(job.message)),
                 nullptr};
}

Verdict judge_deleted(const JobState& job, const std::vector<PodState>& pods) {
  if (job.complete || job.failed) {
    if (auto known = judge(job, pods, 0); known.has_value()) return *std::move(known);
  }
  return {
      Fate::kJobDeleted,
      fmt::format("the Job {} was deleted by somebody else, or when its ttl was over", job.name),
      pod_that_counts(pods)};
}

}  // namespace cordyna::kubernetes
