/// How far each partition has been read, and where it is begun.
///
/// Pure. Threads: any.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.hpp"
#include "kafka/consumer.hpp"

namespace cordyna::input {

/// As the time of a mark: its partition is begun anew there, whatever the group has committed of
/// the topic that had its name before.
inline constexpr std::int64_t kBegunAnew = -2;

/// How far one partition was read.
struct KafkaMark {
  std::int64_t next = 0;  ///< the offset to go on with
  std::int64_t at = -1;   ///< the time of the record before it; -1: not known; kBegunAnew
  bool operator==(const KafkaMark&) const = default;
};

/// As the input's position in the state: {"member":"01…","topics":{"orders":{"0":[12,17…]}}}.
struct KafkaPosition {
  std::string member;  ///< of the group, for good
  std::map<kafka::Partition, KafkaMark> marks;
  bool operator==(const KafkaPosition&) const = default;
};

[[nodiscard]] std::string to_text(const KafkaPosition& position);
/// Empty: nothing was read yet. Errors: kCorrupt: it is of something else.
[[nodiscard]] Result<KafkaPosition> parse_kafka_position(std::string_view text);

struct KafkaStart {
  std::int64_t offset = 0;
  KafkaMark mark;       ///< as it is from now on
  bool verify = false;  ///< the first record is the one before `mark`, unless it is gone
  std::string gap{};    ///< what is missing; empty: nothing
};

/// `kept`: how far it was read by us; nullopt: never. `only_new`: of a partition that nobody of the
/// group has read yet, only records to come are wanted.
[[nodiscard]] KafkaStart start_of(const kafka::Facts& facts, std::optional<KafkaMark> kept,
                                  bool only_new);

}  // namespace cordyna::input
