/// Records of Kafka topics as events, also those that come while nobody listens.
///
/// An input is one member of a consumer group; how far it is stands in the orchestrator's state, in
/// the same transaction as the events, and Kafka is told of it a second later at most, for the
/// other members and for tools. A record is one event, whatever falls over. librdkafka is loaded
/// when it is needed.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "cordyna/config.hpp"
#include "cordyna/event.hpp"
#include "cordyna/export.hpp"
#include "cordyna/input.hpp"
#include "cordyna/result.hpp"

namespace cordyna {

/// What the values of records are.
enum class KafkaFormat : std::uint8_t {
  kJson,   ///< as they are in the event, with all their digits
  kText,   ///< UTF-8; a JSON string in the event
  kBytes,  ///< anything; base64 in the event
};

/// Where a partition is begun that nobody of the group has read.
enum class KafkaStartAt : std::uint8_t { kEarliest, kLatest };

struct KafkaOptions {
  std::string brokers;              ///< "host:9092,host:9093"
  std::vector<std::string> topics;  ///< names; with a ^ in front, regular expressions
  std::string group{};              ///< empty: "cordyna." and the id of the input
  KafkaFormat format = KafkaFormat::kJson;
  KafkaStartAt start = KafkaStartAt::kEarliest;
  std::vector<Operation> operations{};  ///< create, delete (a record without a value); empty: both
  /// Further settings, as librdkafka calls them: {"security.protocol", "ssl"}. TLS checks the
  /// broker's certificate and name, unless they say otherwise.
  std::map<std::string, std::string> settings{};
  /// Records were deleted before they were read, or the topic is another one by now. False: the
  /// input ends with kConflict. True: it goes on with what there is.
  bool over_gaps = false;
};

/// Events: `location` is the topic; `id` the record's key, where it is text of at most 1,000
/// bytes; `at` its time; `operation` kCreate, or kDelete of a record without a value; `data`
/// {"partition":0,"offset":12,"key":"…","headers":{"name":"…"},"value":…}. A key or header that is
/// no UTF-8 is {"base64":"…"}; headers of one name are a list. A value that is not of the format,
/// or too large, has instead of "value" a "problem", and, where it fits, itself as "base64".
/// Events of one partition come in its order.
///
/// Ends, to be called again, when no broker can be reached: kUnavailable; kDenied: password,
/// permission; kUntrusted: TLS; kNotFound: no such topic; kConflict: a gap, as above.
///
/// Errors: kInvalidArgument: no broker, no topic, a setting that is not a user's to change, an
/// operation that records do not have.
[[nodiscard]] CORDYNA_API Result<std::unique_ptr<Input>> kafka_input(std::string id,
                                                                     KafkaOptions options);

/// For an InputRegistry; `connection_string`: "HOST:PORT,HOST:PORT/TOPIC,TOPIC".
[[nodiscard]] CORDYNA_API Result<std::unique_ptr<Input>> make_kafka_input(
    const InputConfig& config);

}  // namespace cordyna
