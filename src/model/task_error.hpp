/// Why an attempt failed: a stable code for programs, a message for people, and whose it is.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace cordyna {

enum class FailureKind : std::uint8_t { kError, kTimeout, kLost, kRejected };

/// Where in the life of an attempt it failed.
enum class Phase : std::uint8_t {
  kPrepare,  ///< before anything was started: templates, secrets, values
  kAcknowledge,
  kStart,
  kRun,
  kResult,  ///< it ran, but what it left cannot be used
  kInfra,   ///< the machinery: lost, no space, cannot spawn
};

enum class TaskErrorCode : std::uint8_t {
  kExitNonzero,
  kSignalled,
  kOutOfMemory,
  kSpawnFailed,
  kTemplateFailed,
  kConditionFailed,
  kSecretMissing,
  kInputInvalid,
  kOutputInvalid,
  kTimeoutAcknowledge,
  kTimeoutStart,
  kTimeoutComplete,
  kTimeoutTotal,
  kLost,
  kRejected,
  kNoSpace,
  kFailedByFlow,
  kSourceUnavailable,
  kRemoteNotFound,
  kRemoteRefused,
  kRemoteUntrusted,
  kSchemaChanged,
  kTooManyRejects,
  kCheckFailed,
  kMergeFailed,
  kSqlFailed,
  kShareFailed,
  kUnsecured,
  kGuardTripped,
  kHoldRejected,
  kTargetMisfit,
  kAccessDenied,
  kToolMissing,
  kInsideFailed,
  kRunFailed,
  kFlowMissing,
  kTaskFailed,
  kInternal,
};

/// One row of the table that the docs list.
struct TaskErrorInfo {
  TaskErrorCode code;
  std::string_view name;  ///< as stored and shown: "EXIT_NONZERO"
  FailureKind kind;
  bool retryable;  ///< whether `retry` applies when it does not say `on`
  std::string_view meaning;
};

[[nodiscard]] const std::vector<TaskErrorInfo>& task_error_table();
[[nodiscard]] const TaskErrorInfo& info(TaskErrorCode code);
[[nodiscard]] std::optional<TaskErrorCode> parse_task_error_code(std::string_view name);

[[nodiscard]] std::string_view to_string(FailureKind kind);
[[nodiscard]] std::string_view to_string(Phase phase);
[[nodiscard]] std::optional<Phase> parse_phase(std::string_view text);

/// R4: never without a message, a phase and an owner; the engine fills what the reporter left out.
struct TaskError {
  TaskErrorCode code = TaskErrorCode::kInternal;
  std::string message;
  Phase phase = Phase::kInfra;
  bool retryable = false;
  std::string owner;
  std::int32_t exit_code = -1;  ///< of the process; -1: none

  bool operator==(const TaskError&) const = default;
};

[[nodiscard]] TaskError make_task_error(TaskErrorCode code, Phase phase, std::string message);

}  // namespace cordyna
