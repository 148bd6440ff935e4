/// What a configuration says of a container.
///
/// Pure. Threads: any.
#pragma once

#include "base/result.hpp"
#include "cordyna/config.hpp"
#include "cordyna/container.hpp"

namespace cordyna::event_container {

/// Errors: kInvalidArgument, naming process and key; ContainerImageMissing.
[[nodiscard]] Result<ContainerOptions> options_of(const ProcessConfig& config);

}  // namespace cordyna::event_container
