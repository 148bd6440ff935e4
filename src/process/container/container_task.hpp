/// What a task of type `container` asks for, out of its rendered keys.
///
/// Pure. Threads: any.
#pragma once

#include <string>
#include <string_view>

#include "base/result.hpp"
#include "docker/container_run.hpp"
#include "docker/container_spec.hpp"

namespace cordyna::container {

struct ContainerTask {
  docker::ContainerSpec spec;  ///< without env, labels and limits, which do not come from the keys
  docker::Pull pull = docker::Pull::kMissing;
};

/// `params`: JSON, templates rendered; sources of mounts are taken from `folder`. Errors:
/// kInvalidArgument, naming the key.
[[nodiscard]] Result<ContainerTask> parse_task(std::string_view params, const std::string& folder);

}  // namespace cordyna::container
