/// `dyna`: from its arguments to its exit code.
#pragma once

#include "cli/parts.hpp"

namespace cordyna::cli {

/// Prints to standard output and standard error. Threads: the first of the process, alone.
[[nodiscard]] int app_main(int argc, const char* const* argv, const Parts& parts);

}  // namespace cordyna::cli
