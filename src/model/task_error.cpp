#include "model/task_error.hpp"

#include <algorithm>
#include <array>
#include <iterator>

#include "base/check.hpp"

namespace cordyna {
namespace {

constexpr std::array kKinds{std::string_view("error"), std::string_view("timeout"),
                            std::string_view("lost"), std::string_view("rejected")};

constexpr std::array kPhases{std::string_view("prepare"), std::string_view("acknowledge"),
                             std::string_view("start"),   std::string_view("run"),
                             std::string_view("result"),  std::string_view("infra")};

using C = TaskErrorCode;
using K = FailureKind;
constexpr TaskErrorInfo kTable[] = {
    {C::kExitNonzero, "EXIT_NONZERO", K::kError, true,
     "The process ended with an exit code other than 0."},
    {C::kSignalled, "SIGNALLED", K::kError, true, "The process was ended by a signal."},
    {C::kOutOfMemory, "OUT_OF_MEMORY", K::kError, true,
     "It wanted more memory than `resources.memory`; or it was killed (exit code 137 or SIGKILL "
     "from outside), most often because the machine's memory ran out."},
    {C::kSpawnFailed, "SPAWN_FAILED", K::kError, false,
     "The program could not be started: missing, not executable, or not a program."},
    {C::kTemplateFailed, "TEMPLATE_FAILED", K::kError, false,
     "A template could not be rendered: an undefined name or a wrong type."},
    {C::kConditionFailed, "CONDITION_FAILED", K::kError, false,
     "`run_if` did not give true or false."},
    {C::kSecretMissing, "SECRET_MISSING", K::kError, false,
     "A secret that the task names is not set."},
    {C::kInputInvalid, "INPUT_INVALID", K::kError, false,
     "A rendered key of the task has a value that its type refuses."},
    {C::kOutputInvalid, "OUTPUT_INVALID", K::kError, false,
     "The outputs file cannot be read: neither JSON nor name=value lines, or larger than 1 MiB; or "
     "a task server gave what the `output_schema` of its task does not allow."},
    {C::kTimeoutAcknowledge, "TIMEOUT_ACKNOWLEDGE", K::kTimeout, true,
     "Nobody acknowledged the attempt in time."},
    {C::kTimeoutStart, "TIMEOUT_START", K::kTimeout, true,
     "The attempt was acknowledged but not started in time."},
    {C::kTimeoutComplete, "TIMEOUT_COMPLETE", K::kTimeout, true,
     "The attempt was started but not completed in time, or used more CPU time than "
     "`resources.time`."},
    {C::kTimeoutTotal, "TIMEOUT_TOTAL", K::kTimeout, false,
     "The whole time of the task, with its retries, or of the run is used up."},
    {C::kLost, "LOST", K::kLost, true,
     "Who ran the attempt vanished: the host restarted, or its guardian was killed."},
    {C::kRejected, "REJECTED", K::kRejected, true, "Who should run the attempt refused it."},
    {C::kNoSpace, "NO_SPACE", K::kError, true,
     "The disk is full, or a file grew larger than `resources.disk`."},
    {C::kFailedByFlow, "FAILED_BY_FLOW", K::kError, false, "A `fail` task said so."},
    {C::kSourceUnavailable, "SOURCE_UNAVAILABLE", K::kError, true,
     "The source of a load is missing, unreadable, or changed while it was read; the server of an "
     "`http` task cannot be reached, does not answer in time, or answers 408, 425, 429 or 5xx."},
    {C::kRemoteNotFound, "REMOTE_NOT_FOUND", K::kError, false,
     "A server has nothing at the address (404, 410), or no such bucket."},
    {C::kRemoteRefused, "REMOTE_REFUSED", K::kError, false,
     "A server does not take the request (a 4xx other than 401, 403, 404; a status that "
     "`accept_status` does not name), redirects without an end, sends more than "
     "`transfer.max_size`, or wants to be left alone for more than 5 minutes."},
    {C::kRemoteUntrusted, "REMOTE_UNTRUSTED", K::kError, false,
     "A source is not who or what it should be: its certificate is not trusted, it leads away "
     "from TLS, or its file has another `sha256`."},
    {C::kSchemaChanged, "SCHEMA_CHANGED", K::kError, false,
     "The source no longer has the columns, types or format that its contract names."},
    {C::kTooManyRejects, "TOO_MANY_REJECTS", K::kError, false,
     "More lines could not be parsed than `rejects.max_percent` allows."},
    {C::kCheckFailed, "CHECK_FAILED", K::kError, false,
     "A rule with severity `fail` does not hold."},
    {C::kMergeFailed, "MERGE_FAILED", K::kError, false,
     "The keys of a merge do not have the expected cardinality."},
    {C::kSqlFailed, "SQL_FAILED", K::kError, false, "The SQL of a data step failed."},
    {C::kShareFailed, "SHARE_FAILED", K::kError, true,
     "The target of a share could not be written; what was shared before is untouched."},
    {C::kUnsecured, "UNSECURED", K::kError, false,
     "What is to be shared has a column that tells about persons (`pii`) and was not secured."},
    {C::kGuardTripped, "GUARD_TRIPPED", K::kError, false,
     "The data differs from its history by more than `watch` allows; nothing was shared."},
    {C::kHoldRejected, "HOLD_REJECTED", K::kError, false,
     "A person rejected what the task was held for."},
    {C::kTargetMisfit, "TARGET_MISFIT", K::kError, false,
     "A table does not take what is to be shared (columns, types, keys, or a newer run has shared "
     "meanwhile); nothing was changed."},
    {C::kAccessDenied, "ACCESS_DENIED", K::kError, false,
     "A server refused: wrong or missing credentials, no such database or role, or a missing "
     "permission."},
    {C::kToolMissing, "TOOL_MISSING", K::kError, false,
     "A program that the task type needs is not installed; `dyna doctor` tells."},
    {C::kInsideFailed, "INSIDE_FAILED", K::kError, false,
     "A task inside of a `switch` did not complete."},
    {C::kRunFailed, "RUN_FAILED", K::kError, true,
     "The run of another flow, which the task began or waited for, did not complete."},
    {C::kFlowMissing, "FLOW_MISSING", K::kError, false,
     "Another flow that the task names is not there, cannot be read, or begins itself without an "
     "end."},
    {C::kTaskFailed, "TASK_FAILED", K::kError, true,
     "The task server says that the task failed; its own code is in the message."},
    {C::kInternal, "INTERNAL", K::kError, false, "A bug of Cordyna."},
};

}  // namespace

const std::vector<TaskErrorInfo>& task_error_table() {
  static const std::vector<TaskErrorInfo> table(std::begin(kTable), std::end(kTable));
  return table;
}

const TaskErrorInfo& info(TaskErrorCode code) {
  const auto& row = task_error_table()[static_cast<std::size_t>(code)];
  CHECK(row.code == code);
  return row;
}

std::optional<TaskErrorCode> parse_task_error_code(std::string_view name) {
  for (const TaskErrorInfo& row : task_error_table()) {
    if (row.name == name) return row.code;
  }
  return std::nullopt;
}

std::string_view to_string(FailureKind kind) {
  return kKinds[static_cast<std::size_t>(kind)];
}
std::string_view to_string(Phase phase) {
  return kPhases[static_cast<std::size_t>(phase)];
}

std::optional<Phase> parse_phase(std::string_view text) {
  const auto found = std::ranges::find(kPhases, text);
  if (found == kPhases.end()) return std::nullopt;
  return static_cast<Phase>(found - kPhases.begin());
}

TaskError make_task_error(TaskErrorCode code, Phase phase, std::string message) {
  TaskError error;
  error.code = code;
  error.message = std::move(message);
  error.phase = phase;
  error.retryable = info(code).retryable;
  return error;
}

}  // namespace cordyna
