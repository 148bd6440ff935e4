/// Records of Kafka as events.
///
/// Pure. Threads: any.
#pragma once

#include <string>
#include <string_view>

#include "cordyna/event.hpp"
#include "cordyna/kafka.hpp"
#include "kafka/consumer.hpp"

namespace cordyna::input {

/// As kafka.hpp says. A value that is not of the format is told as problem_of does.
[[nodiscard]] Event event_of(const kafka::Record& record, KafkaFormat format);

/// Instead of what cannot be an event: its place, its key, why, and its value, where that is not
/// too large, in base64.
[[nodiscard]] Event problem_of(const kafka::Record& record, std::string_view problem);

}  // namespace cordyna::input
