/// What went wrong at Kafka, as an error of ours.
///
/// Threads: any.
#pragma once

#include <librdkafka/rdkafka.h>

#include <string_view>

#include "base/result.hpp"

namespace cordyna::kafka {

/// kDenied: password, permission; kNotFound: no such topic; kConflict: another program has this
/// member's name; kUntrusted: TLS; kUnavailable: all else.
[[nodiscard]] Error error_of(rd_kafka_resp_err_t code, std::string_view context,
                             std::string_view detail);

}  // namespace cordyna::kafka
