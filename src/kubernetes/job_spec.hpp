/// A Job that runs one container once, and the Secret that its variables come from, as the API
/// wants them.
///
/// Pure. Threads: any.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/time.hpp"

namespace cordyna::kubernetes {

inline constexpr const char* kContainer = "task";  ///< the name of the one that a Job runs
/// Where a container finds the file whose content the cluster hands back with its end.
inline constexpr const char* kMessagePath = "/dev/termination-log";
/// What a cluster keeps of it: a message of so many bytes may have been cut.
inline constexpr std::size_t kMessageMax = 4096;
inline constexpr const char* kOwnerLabel =
    "cordyna.io/owner";  ///< whose Job: the state folder's id
inline constexpr const char* kAttemptNote = "cordyna.io/attempt";  ///< "<run id>/<path>/<n>"

using Texts = std::map<std::string, std::string>;

struct EnvVar {
  std::string name;
  std::string value;
  bool secret = false;  ///< its value stands in the Secret, not in the Job
};

struct Amounts {
  std::uint32_t cpu_millis = 0;  ///< 0: not said; so in all
  std::uint64_t memory_bytes = 0;
  std::uint64_t disk_bytes = 0;
};

struct JobSpec {
  std::string name;
  std::string ns;
  std::string owner;    ///< of kOwnerLabel
  std::string attempt;  ///< of kAttemptNote
  std::string image;
  std::vector<std::string> entrypoint;  ///< empty: the image's
  std::vector<std::string> command;     ///< what stands behind it; empty: the image's
  std::string working_dir;
  std::string pull;  ///< Always, IfNotPresent, Never; empty: the cluster decides by the tag
  std::vector<std::string> pull_secrets;
  std::vector<EnvVar> env;
  Amounts limits;
  Amounts requests;
  std::string service_account;  ///< empty: the namespace's own, without its token
  Texts node_selector;
  Texts labels;            ///< of the Job and its pod
  Texts annotations;       ///< of the Job and its pod
  Millis deadline = 0;     ///< after which the cluster ends it; 0: none
  Millis ttl = 0;          ///< how long the cluster keeps it when it has ended
  int grace_seconds = 10;  ///< from asking it to end to ending it
};

/// `prefix` and `text` as a Job may be called, at most 52 characters, so that its pods can be
/// called after it; texts that are told apart give names that are.
[[nodiscard]] std::string job_name(std::string_view prefix, std::string_view text);

/// The Job does not begin before it is released: what it needs is made when it has a uid.
[[nodiscard]] std::string job_json(const JobSpec& spec);
/// The patch that lets the Job of this uid, and no other, begin.
[[nodiscard]] std::string release_json(const std::string& uid);

[[nodiscard]] bool has_secret(const JobSpec& spec);
/// The Secret of the same name, which goes with the Job of this uid. `masks`: what is hidden in the
/// output; they are kept beside the values, for whoever takes the Job up.
[[nodiscard]] std::string secret_json(const JobSpec& spec, const std::string& job_uid,
                                      const std::vector<std::string>& masks);
/// The masks of such a Secret; of one of another kind, its values.
[[nodiscard]] std::vector<std::string> masks_of(std::string_view secret_json);

}  // namespace cordyna::kubernetes
