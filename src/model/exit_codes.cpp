#include "model/exit_codes.hpp"

#include <array>

namespace cordyna {

std::span<const ExitCodeInfo> exit_code_table() {
  static constexpr std::array kTable{
      ExitCodeInfo{ExitCode::kOk, "ok", "It was done. A run completed, also with warnings."},
      ExitCodeInfo{ExitCode::kRunError, "run_error", "The run ended in error, or a test failed."},
      ExitCodeInfo{ExitCode::kUsage, "usage",
                   "The command line, a flow or a value is wrong. Nothing was run."},
      ExitCodeInfo{ExitCode::kHeld, "held", "The run waits for a person."},
      ExitCodeInfo{ExitCode::kNotFound, "not_found", "There is no such file, run or task."},
      ExitCodeInfo{ExitCode::kConflict, "conflict", "The state does not allow it now."},
      ExitCodeInfo{ExitCode::kUnavailable, "unavailable",
                   "A program, the disk or another part refuses now; trying later may help."},
      ExitCodeInfo{ExitCode::kCorrupt, "corrupt",
                   "The stored state is damaged, or of a newer version of Cordyna."},
      ExitCodeInfo{ExitCode::kDenied, "denied",
                   "A server refuses who asks, or is not who it should be: a token that is "
                   "missing, old or too weak, a certificate that is not trusted."},
      ExitCodeInfo{ExitCode::kInternal, "internal", "A bug of Cordyna."},
      ExitCodeInfo{ExitCode::kCancelled, "cancelled", "The run was cancelled."},
  };
  return kTable;
}

ExitCode exit_code(ErrorCode code) {
  switch (code) {
    case ErrorCode::kInvalidArgument: return ExitCode::kUsage;
    case ErrorCode::kNotFound: return ExitCode::kNotFound;
    case ErrorCode::kConflict: return ExitCode::kConflict;
    case ErrorCode::kUnavailable:
    case ErrorCode::kNoSpace: return ExitCode::kUnavailable;
    case ErrorCode::kDenied:
    case ErrorCode::kUntrusted: return ExitCode::kDenied;
    case ErrorCode::kCorrupt: return ExitCode::kCorrupt;
    case ErrorCode::kCancelled: return ExitCode::kCancelled;
    case ErrorCode::kInternal: return ExitCode::kInternal;
  }
  return ExitCode::kInternal;
}

ExitCode exit_code(RunState state) {
  switch (state) {
    case RunState::kCompleted:
    case RunState::kWarning: return ExitCode::kOk;
    case RunState::kError: return ExitCode::kRunError;
    case RunState::kCancelled: return ExitCode::kCancelled;
    case RunState::kPaused: return ExitCode::kHeld;
    case RunState::kPending:
    case RunState::kRunning: return ExitCode::kInternal;
  }
  return ExitCode::kInternal;
}

}  // namespace cordyna
