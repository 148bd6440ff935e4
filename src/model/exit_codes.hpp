/// The exit codes of `dyna`: one table for the program and the docs.
#pragma once

#include <span>
#include <string_view>

#include "base/result.hpp"
#include "model/states.hpp"

namespace cordyna {

enum class ExitCode : int {
  kOk = 0,           ///< it was done; a run completed, also with warnings
  kRunError = 1,     ///< the run ended in error
  kUsage = 2,        ///< usage, a flow or a value is wrong; nothing was run
  kHeld = 3,         ///< the run waits for a person
  kNotFound = 4,     ///< no such file, run or task
  kConflict = 5,     ///< the state does not allow it now
  kUnavailable = 6,  ///< a program, the disk or another part refuses now
  kCorrupt = 7,      ///< the state is damaged, or of a newer version
  kDenied = 8,       ///< somebody else's rules forbid it, or who answers is not trusted
  kInternal = 70,    ///< a bug of Cordyna
  kCancelled = 130,  ///< the run was cancelled
};

struct ExitCodeInfo {
  ExitCode code;
  std::string_view name;
  std::string_view meaning;
};

[[nodiscard]] std::span<const ExitCodeInfo> exit_code_table();
[[nodiscard]] ExitCode exit_code(ErrorCode code);
/// Of a run that ended or is held; a live state gives kInternal.
[[nodiscard]] ExitCode exit_code(RunState state);

}  // namespace cordyna
