/// The partitions that one member of a group has: where each begins, and which of its records are
/// new.
///
/// Threads: none.
#pragma once

#include <map>
#include <set>
#include <span>
#include <utility>
#include <vector>

#include "cordyna/input.hpp"
#include "input/kafka/position.hpp"
#include "kafka/consumer.hpp"

namespace cordyna::input {

class Reading final : public kafka::Assignee {
 public:
  /// `position` as it was kept. `sink` gets what partitions begin with, before they do: records
  /// that come in between must not be passed over after a crash. `only_new`: as of KafkaOptions.
  Reading(KafkaPosition position, bool only_new, bool over_gaps, EventSink& sink)
      : position_(std::move(position)), only_new_(only_new), over_gaps_(over_gaps), sink_(sink) {}

  /// Errors: kConflict: a gap; those of the sink.
  [[nodiscard]] Result<std::vector<std::int64_t>> begin(
      std::span<const kafka::Facts> given) override;
  void end(std::span<const kafka::Partition> taken) override;

  /// Whether the record is new: its partition is this member's, and it was not taken before. Its
  /// mark is past it then. Errors: kConflict: the topic is not the one that was read;
  /// kUnavailable: neither, but with `over_gaps` it is begun anew the next time.
  [[nodiscard]] Result<bool> take(const kafka::Record& record);

  [[nodiscard]] const KafkaPosition& position() const { return position_; }
  /// The marks that were set since the call before.
  [[nodiscard]] std::map<kafka::Partition, KafkaMark> changes() {
    return std::exchange(changes_, {});
  }

 private:
  Result<> found_anew(const kafka::Partition& partition, KafkaMark& mark);

  KafkaPosition position_;
  bool only_new_;
  bool over_gaps_;
  EventSink& sink_;
  std::map<kafka::Partition, KafkaMark> changes_;
  std::set<kafka::Partition> own_;
  std::set<kafka::Partition> unverified_;  // their next record should be the last one taken
};

}  // namespace cordyna::input
