/// What the process of a container gets to know: a file in its attempt's folder, and names of its
/// environment for what must not be written to the disk.
///
/// Threads: any, while nobody changes the environment.
#pragma once

#include <string>
#include <string_view>

#include "base/result.hpp"
#include "model/flow.hpp"
#include "process/container/container_task.hpp"

namespace cordyna::container {

inline constexpr const char* kStepFile = "container.json";
inline constexpr std::string_view kEnvPrefix = "DYNA_CONTAINER_ENV_";  ///< before names of `env`
inline constexpr const char* kAuthVariable = "DYNA_CONTAINER_AUTH";    ///< JSON, for the registry

struct StepFile {
  std::string params;        ///< JSON: the task's keys, rendered, without `auth`
  std::string flow_folder;   ///< absolute
  std::string state_folder;  ///< absolute
  Resources resources;
};

[[nodiscard]] std::string to_json(const StepFile& step);
/// Errors: kCorrupt.
[[nodiscard]] Result<StepFile> parse_step_file(std::string_view text);

/// What is asked for, and may be.
struct AllowedTask {
  ContainerTask task;
  std::string socket;  ///< of the Docker daemon: $DOCKER_HOST
};

/// Judges the task by the policy in the environment. Errors: kInvalidArgument: the keys, or
/// DOCKER_HOST; kDenied: the policy.
[[nodiscard]] Result<AllowedTask> allowed_task(const StepFile& step);

}  // namespace cordyna::container
