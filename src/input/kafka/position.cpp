#include "input/kafka/position.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <boost/json.hpp>
#include <charconv>

#include "base/json_text.hpp"
#include "base/text.hpp"

namespace cordyna::input {
namespace {

namespace json = boost::json;

std::unexpected<Error> no_position(std::string_view text) {
  return fail(ErrorCode::kCorrupt, fmt::format("the position of the input is not one of Kafka: {}",
                                               fit(printable(text), 100)));
}

std::optional<std::int32_t> partition_number(std::string_view text) {
  std::int32_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  const bool whole = error == std::errc() && end == text.data() + text.size() && number >= 0;
  return whole ? std::optional(number) : std::nullopt;
}

std::optional<KafkaMark> mark_of(const json::value& value) {
  const json::array* pair = value.if_array();
  if (pair == nullptr || pair->size() != 2) return std::nullopt;
  const std::int64_t* next = (*pair)[0].if_int64();
  const std::int64_t* at = (*pair)[1].if_int64();
  if (next == nullptr || at == nullptr || *next < 0) return std::nullopt;
  return KafkaMark{*next, *at};
}

bool read_topic(std::string_view topic, const json::value& value, KafkaPosition& position) {
  const json::object* partitions = value.if_object();
  if (partitions == nullptr) return false;
  for (const auto& [name, pair] : *partitions) {
    const auto number = partition_number(name);
    const auto mark = mark_of(pair);
    if (!number.has_value() || !mark.has_value()) return false;
    position.marks[{std::string(topic), *number}] = *mark;
  }
  return true;
}

}  // namespace

std::string to_text(const KafkaPosition& position) {
  std::string out = fmt::format(R"({{"member":{},"topics":{{)", json_string(position.member));
  const std::string* topic = nullptr;
  for (const auto& [partition, mark] : position.marks) {
    if (topic == nullptr || *topic != partition.topic) {
      if (topic != nullptr) out += "},";
      topic = &partition.topic;
      out += json_string(*topic) + ":{";
    } else {
      out += ',';
    }
    out += fmt::format(R"("{}":[{},{}])", partition.number, mark.next, mark.at);
  }
  return out + (topic == nullptr ? "}}" : "}}}");
}

Result<KafkaPosition> parse_kafka_position(std::string_view text) {
  KafkaPosition position;
  if (text.empty()) return position;
  boost::system::error_code error;
  const json::value parsed = json::parse(text, error);
  const json::object* object = error ? nullptr : parsed.if_object();
  const json::value* member = object == nullptr ? nullptr : object->if_contains("member");
  const json::value* topics = object == nullptr ? nullptr : object->if_contains("topics");
  if (member == nullptr || !member->is_string() || topics == nullptr || !topics->is_object()) {
    return no_position(text);
  }
  position.member.assign(member->get_string().data(), member->get_string().size());
  for (const auto& [topic, partitions] : topics->get_object()) {
    if (!read_topic(topic, partitions, position)) return no_position(text);
  }
  return position;
}

KafkaStart start_of(const kafka::Facts& facts, std::optional<KafkaMark> kept, bool only_new) {
  const std::int64_t ours = kept.has_value() ? kept->next : -1;
  const bool anew = kept.has_value() && kept->at == kBegunAnew;
  const std::int64_t next = anew ? ours : std::max(ours, facts.committed);
  KafkaStart start;
  if (next < 0) {
    start.offset = only_new ? facts.high : facts.low;
    start.mark.next = start.offset;
    return start;
  }
  start.offset = next;
  start.mark = next == ours ? *kept : KafkaMark{next, -1};
  const std::string place = fmt::format("{}/{}", facts.partition.topic, facts.partition.number);
  if (next < facts.low) {
    start.gap = fmt::format(
        "{} was read up to offset {}, and begins at {} by now: {} offsets were deleted before "
        "they were read",
        place, next, facts.low, facts.low - next);
  } else if (next > facts.high) {
    start.gap = fmt::format(
        "{} was read up to offset {}, and ends at {}: the topic was made anew, or lost records",
        place, next, facts.high);
  } else if (start.mark.at >= 0 && next > facts.low) {
    start.verify = true;
    start.offset = next - 1;
  }
  return start;
}

}  // namespace cordyna::input
