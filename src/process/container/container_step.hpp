/// `dyna container-step FILE`: the process that a guardian watches while a container runs.
#pragma once

#include <string>

namespace cordyna::container {

/// Runs the container that the file describes; its output becomes ours, its exit code too. What
/// went wrong otherwise goes into $DYNA_REPORT.
[[nodiscard]] int container_step_main(const std::string& path);

}  // namespace cordyna::container
