/// A flow's connection of type kafka, as librdkafka takes it.
///
/// Pure. Threads: any.
#pragma once

#include <string>
#include <string_view>

#include "base/result.hpp"
#include "cordyna/kafka.hpp"

namespace cordyna::input {

/// Writes brokers and settings into `options`. `connection_json` as ListenSpec has it. Errors:
/// kInvalidArgument: it is none of those.
[[nodiscard]] Result<> connect_kafka(std::string_view connection_json, std::string_view password,
                                     KafkaOptions& options);

}  // namespace cordyna::input
