#include "kubernetes/job_state.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <boost/json.hpp>
#include <iterator>

namespace cordyna::kubernetes {
namespace {

namespace json = boost::json;

JobState job_with(const std::string& conditions) {
  return parse_job(json::parse(R"({"metadata":{"name":"j","uid":"u"},"status":{"conditions":[)" +
                               conditions + "]}}"));
}
const std::string kFailed =
    R"({"type":"Failed","status":"True","reason":"BackoffLimitExceeded","message":"too often"})";

PodState pod_with(const std::string& status, const std::string& metadata = "") {
  return parse_pod(json::parse(
      R"({"metadata":{"name":"p","uid":"pu")" + metadata +
      R"(,"ownerReferences":[{"kind":"Job","controller":true,"uid":"u"}]},"spec":{"nodeName":"n1"},"status":)" +
      status + "}"));
}
PodState pod_ended(const std::string& phase, const std::string& terminated,
                   const std::string& more = "") {
  return pod_with(fmt::format(
      R"({{"phase":"{}"{},"containerStatuses":[{{"name":"task","state":{{"terminated":{}}}}}]}})",
      phase, more, terminated));
}

struct Case {
  std::string name;
  std::string job;  ///< conditions
  std::vector<PodState> pods;
  Fate fate;
  std::string says;
};

std::vector<Case> ends_by_itself() {
  return {
      {"Completed",
       R"({"type":"Complete","status":"True"})",
       {pod_ended("Succeeded", R"({"exitCode":0,"reason":"Completed"})")},
       Fate::kCompleted,
       ""},
      {"CompletedWithoutItsPod",
       R"({"type":"Complete","status":"True"})",
       {},
       Fate::kUnknown,
       "outputs"},
      {"ExitCode",
       kFailed,
       {pod_ended("Failed", R"({"exitCode":3,"reason":"Error"})")},
       Fate::kExited,
       "exit code 3"},
      {"OutOfMemory",
       kFailed,
       {pod_ended("Failed", R"({"exitCode":137,"reason":"OOMKilled"})")},
       Fate::kOutOfMemory,
       "out of memory"},
      {"Killed",
       kFailed,
       {pod_ended("Failed", R"({"exitCode":137,"reason":"Error"})")},
       Fate::kSignalled,
       "signal 9"},
      {"NeverBegan",
       kFailed,
       {pod_with(R"({"phase":"Failed","reason":"OutOfcpu","message":"m"})")},
       Fate::kUnknown,
       "OutOfcpu"},
      {"NoSuchProgram",
       kFailed,
       {pod_ended("Failed",
                  R"({"exitCode":128,"reason":"StartError","message":"exec: no such file"})")},
       Fate::kNotStarted,
       "no such file"},
      {"TooLong",
       R"({"type":"Failed","status":"True","reason":"DeadlineExceeded","message":"m"})",
       {},
       Fate::kTooLong,
       "ended it"},
      {"NothingKnown", kFailed, {}, Fate::kUnknown, "nothing is known of its pod"},
  };
}

/// Of pods that ended without having been let to.
std::vector<Case> ends_by_others() {
  const std::string deleted = R"(,"deletionTimestamp":"2026-12-01T10:00:00Z")";
  PodState by_hand = pod_with(R"({"phase":"Failed","containerStatuses":[{"name":"task","state":)"
                              R"({"terminated":{"exitCode":143,"reason":"Error"}}}]})",
                              deleted);
  const auto disrupted = [](const std::string& reason) {
    return pod_ended("Failed", R"({"exitCode":137,"reason":"Error"})",
                     R"(,"conditions":[{"type":"DisruptionTarget","status":"True","reason":")" +
                         reason + R"(","message":"why"}])");
  };
  return {
      {"EvictedByItsNode",
       kFailed,
       {pod_with(
           R"({"phase":"Failed","reason":"Evicted","message":"The node was low on resource: memory."})")},
       Fate::kEvicted,
       "evicted on the node n1: The node was low"},
      {"TooMuchDisk",
       kFailed,
       {pod_with(
           R"({"phase":"Failed","reason":"Evicted","message":"Pod ephemeral local storage usage exceeds the total limit of containers 1M."})")},
       Fate::kNoSpace,
       "exceeds"},
      {"EvictedByTheApi",
       kFailed,
       {disrupted("EvictionByEvictionAPI")},
       Fate::kEvicted,
       "EvictionByEvictionAPI"},
      {"NodeGone", kFailed, {disrupted("DeletionByPodGC")}, Fate::kNodeLost, "n1"},
      {"NodeTainted", kFailed, {disrupted("DeletionByTaintManager")}, Fate::kNodeLost, "n1"},
      {"NodeLost",
       kFailed,
       {pod_with(R"({"phase":"Failed","reason":"NodeLost","message":"m"})")},
       Fate::kNodeLost,
       "n1"},
      {"PodDeletedByHand", kFailed, {by_hand}, Fate::kPodDeleted, "deleted by somebody else"},
  };
}

TEST(JobStateTest, EachEndIsOneFate) {
  std::vector<Case> cases = ends_by_itself();
  std::ranges::move(ends_by_others(), std::back_inserter(cases));
  for (const Case& one : cases) {
    const auto verdict = judge(job_with(one.job), one.pods, 0);
    ASSERT_TRUE(verdict.has_value()) << one.name;
    EXPECT_EQ(verdict->fate, one.fate) << one.name << ": " << verdict->message;
    EXPECT_NE(verdict->message.find(one.says), std::string::npos) << verdict->message;
  }
}

PodState waits(const std::string& reason, const std::string& message) {
  return pod_with(fmt::format(
      R"({{"phase":"Pending","containerStatuses":[{{"name":"task","state":{{"waiting":{{"reason":"{}","message":"{}"}}}}}}]}})",
      reason, message));
}

TEST(JobStateTest, WhatWaitsForWhatWillNotComeIsEnded) {
  const JobState job = job_with("");
  const auto fate = [&](const std::string& reason, const std::string& message, Millis patience) {
    const auto verdict = judge(job, {waits(reason, message)}, patience);
    return verdict.has_value() ? std::optional(verdict->fate) : std::nullopt;
  };
  EXPECT_EQ(fate("ContainerCreating", "", kImagePatience), std::nullopt);
  EXPECT_EQ(fate("ErrImagePull", "x: not found", 0), Fate::kNoImage);
  EXPECT_EQ(fate("ImagePullBackOff", "401 Unauthorized", 0), Fate::kImageDenied);
  EXPECT_EQ(fate("ImagePullBackOff", "dial tcp: timeout", kImagePatience - 1), std::nullopt);
  EXPECT_EQ(fate("ImagePullBackOff", "dial tcp: timeout", kImagePatience), Fate::kImageAway);
  EXPECT_EQ(fate("InvalidImageName", "", 0), Fate::kNoImage);
  EXPECT_EQ(fate("CreateContainerConfigError", "secret not found", 0), Fate::kNotStarted);
}

TEST(JobStateTest, OfTwoPodsOfOneJobOneCounts) {
  PodState failed = pod_ended("Failed", R"({"exitCode":1,"finishedAt":"2026-12-01T10:00:00Z"})");
  PodState first = pod_ended(
      "Succeeded", R"({"exitCode":0,"finishedAt":"2026-12-01T10:00:01Z","message":"a=1"})");
  PodState second = pod_ended(
      "Succeeded", R"({"exitCode":0,"finishedAt":"2026-12-01T10:00:02Z","message":"a=2"})");
  failed.name = "a";
  first.name = "b";
  second.name = "c";
  const JobState done = job_with(R"({"type":"Complete","status":"True"})");
  std::vector<std::vector<PodState>> orders{
      {failed, first, second}, {second, failed, first}, {second, first, failed}};
  for (const auto& pods : orders) {
    const auto verdict = judge(done, pods, 0);
    EXPECT_EQ(verdict->fate, Fate::kCompleted);
    EXPECT_EQ(verdict->pod->end_message, "a=1");
  }
}

TEST(JobStateTest, AJobThatWasDeletedIsLostUnlessItsEndWasSeen) {
  const PodState runs = pod_with(R"({"phase":"Running"})");
  EXPECT_EQ(judge_deleted(job_with(""), {runs}).fate, Fate::kJobDeleted);
  const PodState done = pod_ended("Succeeded", R"({"exitCode":0})");
  EXPECT_EQ(judge_deleted(job_with(R"({"type":"Complete","status":"True"})"), {done}).fate,
            Fate::kCompleted);
}

TEST(JobStateTest, AJobIsReadWithWhatItIsToBe) {
  const JobState job = parse_job(json::parse(
      R"({"metadata":{"name":"j","uid":"u","generation":2,"deletionTimestamp":"t","annotations":)"
      R"({"cordyna.io/attempt":"r/a/1"}},"spec":{"suspend":true}})"));
  EXPECT_EQ(job.name + job.uid + job.attempt, "jur/a/1");
  EXPECT_EQ(job.generation, 2);
  EXPECT_TRUE(job.suspended && job.deleting && !job.complete && !job.failed);
}

TEST(JobStateTest, ObjectsThatAreNoneAreEmpty) {
  for (const char* text :
       {"null", "[]", "{}",
        R"({"metadata":[],"status":{"conditions":{},"containerStatuses":[1]}})"}) {
    const json::value value = json::parse(text);
    EXPECT_FALSE(judge(parse_job(value), {parse_pod(value)}, 0).has_value()) << text;
  }
}

}  // namespace
}  // namespace cordyna::kubernetes
