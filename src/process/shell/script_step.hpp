/// `dyna script-step FILE`: one attempt of a script that is compiled.
#pragma once

#include <string>

namespace cordyna::script {

/// Finds the program of the step that `path` holds, or compiles it, and becomes it. Returns only
/// where there is none: then the reason is the last line of standard error, and its code stands in
/// $DYNA_REPORT. The exit code is 1; 127 where a program is missing; 128 + signal where the
/// compiler was killed.
[[nodiscard]] int script_step_main(const std::string& path);

}  // namespace cordyna::script
