/// Runs a small program to its end: for what `doctor` asks other programs.
#pragma once

#include <string>
#include <vector>

#include "base/result.hpp"

namespace cordyna::cli {

struct ChildResult {
  int exit_code = 0;   ///< 128 + signal where one ended it
  std::string output;  ///< both of its outputs, at most 64 KiB
};

/// argv[0] is looked up in PATH. Errors: kUnavailable: it cannot be started.
[[nodiscard]] Result<ChildResult> run_child(const std::vector<std::string>& argv);

}  // namespace cordyna::cli
