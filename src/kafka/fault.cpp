#include "kafka/fault.hpp"

#include <fmt/format.h>

#include "kafka/library.hpp"

namespace cordyna::kafka {
namespace {

ErrorCode code_of(rd_kafka_resp_err_t code) {
  switch (code) {
    case RD_KAFKA_RESP_ERR__AUTHENTICATION:
    case RD_KAFKA_RESP_ERR_SASL_AUTHENTICATION_FAILED:
    case RD_KAFKA_RESP_ERR_UNSUPPORTED_SASL_MECHANISM:
    case RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED:
    case RD_KAFKA_RESP_ERR_GROUP_AUTHORIZATION_FAILED:
    case RD_KAFKA_RESP_ERR_CLUSTER_AUTHORIZATION_FAILED: return ErrorCode::kDenied;
    case RD_KAFKA_RESP_ERR__UNKNOWN_TOPIC:
    case RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART: return ErrorCode::kNotFound;
    case RD_KAFKA_RESP_ERR_TOPIC_EXCEPTION:
    case RD_KAFKA_RESP_ERR_INVALID_GROUP_ID: return ErrorCode::kInvalidArgument;
    case RD_KAFKA_RESP_ERR__FENCED:
    case RD_KAFKA_RESP_ERR_FENCED_INSTANCE_ID: return ErrorCode::kConflict;
    case RD_KAFKA_RESP_ERR__SSL: return ErrorCode::kUntrusted;
    default: return ErrorCode::kUnavailable;
  }
}

}  // namespace

Error error_of(rd_kafka_resp_err_t code, std::string_view context, std::string_view detail) {
  const std::string_view name = library().rd_kafka_err2str(code);
  const bool repeats = detail.empty() || detail == name;
  return {code_of(code),
          repeats ? fmt::format("{}: {}", context, name) : fmt::format("{}: {}", context, detail)};
}

}  // namespace cordyna::kafka
