#include "input/kafka/reading.hpp"

#include <fmt/format.h>

#include <optional>

namespace cordyna::input {
namespace {

std::unexpected<Error> gap_found(std::string_view what) {
  return fail(
      ErrorCode::kConflict,
      fmt::format("records may be missing: {}. `over_gaps` goes on with what there is", what));
}

}  // namespace

Result<std::vector<std::int64_t>> Reading::begin(std::span<const kafka::Facts> given) {
  KafkaPosition position = position_;
  std::vector<std::int64_t> offsets;
  std::set<kafka::Partition> unverified;
  // Where something was read already, partitions that are new are read from their beginning: they
  // were added, and nobody could say which of their records came before they were found.
  const bool only_new = only_new_ && position_.marks.empty();
  for (const kafka::Facts& facts : given) {
    const auto kept = position_.marks.find(facts.partition);
    KafkaStart start =
        start_of(facts, kept == position_.marks.end() ? std::nullopt : std::optional(kept->second),
                 only_new);
    if (!start.gap.empty()) {
      if (!over_gaps_) return gap_found(start.gap);
      start.offset = facts.low;
      start.mark = {facts.low, kBegunAnew};
    }
    if (start.verify) unverified.insert(facts.partition);
    offsets.push_back(start.offset);
    position.marks[facts.partition] = start.mark;
  }
  TRY(sink_.send({}, to_text(position)));
  position_ = std::move(position);
  for (const kafka::Facts& facts : given) {
    own_.insert(facts.partition);
    // Others of the group must not take "the newest" for another record than we do.
    changes_[facts.partition] = position_.marks[facts.partition];
  }
  unverified_.merge(unverified);
  return offsets;
}

void Reading::end(std::span<const kafka::Partition> taken) {
  for (const kafka::Partition& partition : taken) {
    own_.erase(partition);
    changes_.erase(partition);
    unverified_.erase(partition);
  }
}

Result<bool> Reading::take(const kafka::Record& record) {
  if (!own_.contains(record.partition)) return false;
  KafkaMark& mark = position_.marks[record.partition];
  if (unverified_.erase(record.partition) > 0 && record.offset == mark.next - 1 &&
      record.at != mark.at) {
    TRY(found_anew(record.partition, mark));
  }
  if (record.offset < mark.next) return false;
  mark = {record.offset + 1, record.at};
  changes_[record.partition] = mark;
  return true;
}

/// Offsets alone do not tell that a topic was deleted and made again; the time of the last record
/// does.
Result<> Reading::found_anew(const kafka::Partition& partition, KafkaMark& mark) {
  const std::string what = fmt::format(
      "the record at offset {} of {}/{} is not the one that was read: the topic was made anew",
      mark.next - 1, partition.topic, partition.number);
  if (!over_gaps_) return gap_found(what);
  mark = {0, kBegunAnew};
  TRY(sink_.send({}, to_text(position_)));
  return fail(ErrorCode::kUnavailable, what + "; it is read from its beginning");
}

}  // namespace cordyna::input
