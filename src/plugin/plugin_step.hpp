/// `dyna plugin-step FILE`: the process that a guardian watches while a plugin's program runs.
#pragma once

#include <string>

namespace cordyna::plugin {

/// Starts the program, speaks with it, and ends when it has: its log becomes ours, what it gave
/// goes into $DYNA_OUTPUTS, and what went wrong into $DYNA_REPORT and the last line of our log.
[[nodiscard]] int plugin_step_main(const std::string& path);

}  // namespace cordyna::plugin
