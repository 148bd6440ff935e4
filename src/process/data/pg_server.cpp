#include "process/data/pg_server.hpp"

#include <fmt/format.h>

namespace cordyna::data {

PgTarget target_of(const Connection& connection, const std::string& password) {
  PgTarget target;
  target.words = {{"host", connection.host},
                  {"port", connection.port},
                  {"dbname", connection.database},
                  {"user", connection.user},
                  {"password", password},
                  {"sslmode", connection.sslmode},
                  {"sslrootcert", connection.sslrootcert}};
  target.connect_timeout_ms = connection.connect_timeout_ms;
  return target;
}

TaskError pg_error(const PgFault& fault, std::string_view doing, TaskErrorCode otherwise) {
  if (fault.cancelled) {
    return make_task_error(TaskErrorCode::kSignalled, Phase::kRun, "the step was asked to end");
  }
  if (fault.missing) {
    return make_task_error(TaskErrorCode::kToolMissing, Phase::kPrepare, fault.message);
  }
  TaskErrorCode code = fault.code.value_or(otherwise);
  switch (kind_of(fault)) {
    case PgKind::kDenied: code = TaskErrorCode::kAccessDenied; break;
    case PgKind::kFull: code = TaskErrorCode::kNoSpace; break;
    case PgKind::kMisfit:
      if (otherwise == TaskErrorCode::kShareFailed) code = TaskErrorCode::kTargetMisfit;
      break;
    case PgKind::kTransient:
    case PgKind::kOther: break;
  }
  const std::string state = fault.state.empty() ? "" : fmt::format(" ({})", fault.state);
  return make_task_error(code, Phase::kRun, fmt::format("{}: {}{}", doing, fault.message, state));
}

}  // namespace cordyna::data
