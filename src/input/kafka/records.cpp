#include "input/kafka/records.hpp"

#include <fmt/format.h>

#include <map>
#include <vector>

#include "base/base64.hpp"
#include "base/hash.hpp"
#include "base/json_text.hpp"
#include "base/text.hpp"
#include "input/json_check.hpp"

namespace cordyna::input {
namespace {

constexpr std::size_t kIdBytes = 1'000;  // of an event's id; what is longer stands in `data` alone
// Of an event's bytes, so many are for what is not the value: its base64 takes 4 bytes for 3.
constexpr std::size_t kBytesShown = (kEventBytesMax - (std::size_t{1} << 20)) / 4 * 3;

/// A text, or what is none as {"base64":"…"}.
std::string text_or_bytes(const std::optional<std::string>& value) {
  if (!value.has_value()) return "null";
  if (is_utf8(*value)) return json_string(*value);
  return fmt::format(R"({{"base64":"{}"}})", base64(*value));
}

/// Of a name that stands there more than once, a list of its values.
std::string headers_of(const kafka::Record& record) {
  std::map<std::string_view, std::vector<std::string>> found;
  for (const auto& [name, value] : record.headers) found[name].push_back(text_or_bytes(value));
  std::string out;
  for (const auto& [name, values] : found) {
    std::string list;
    for (const std::string& value : values) list += (list.empty() ? "" : ",") + value;
    if (values.size() > 1) list = "[" + list + "]";
    std::string text;
    append_json(text, name);
    out += fmt::format("{}{}:{}", out.empty() ? "" : ",", text, list);
  }
  return out;
}

std::string place_of(const kafka::Record& record) {
  return fmt::format(R"("partition":{},"offset":{},"key":{},"headers":{{{}}})",
                     record.partition.number, record.offset, text_or_bytes(record.key),
                     headers_of(record));
}

/// The time is in it for a topic that was made anew has the offsets of the one before.
std::string event_key(const kafka::Record& record) {
  std::string rest = fmt::format("/{}/{}@{}", record.partition.number, record.offset, record.at);
  const std::string& topic = record.partition.topic;
  if (topic.size() + rest.size() + 2 <= kEventKeyMax) return "k:" + topic + rest;
  return fmt::format("k:{}~{:016x}{}", topic.substr(0, 100), fnv1a(topic), rest);
}

Event without_data(const kafka::Record& record) {
  Event event;
  event.location = record.partition.topic;
  event.operation = record.value.has_value() ? Operation::kCreate : Operation::kDelete;
  if (record.key.has_value() && record.key->size() <= kIdBytes && is_utf8(*record.key)) {
    event.id = *record.key;
  }
  if (record.at > 0) event.at = EventTime(std::chrono::milliseconds(record.at));
  event.key = event_key(record);
  return event;
}

}  // namespace

Event event_of(const kafka::Record& record, KafkaFormat format) {
  std::string value = "null";
  if (record.value.has_value()) {
    if (format == KafkaFormat::kBytes) {
      value = '"' + base64(*record.value) + '"';
    } else if (!is_utf8(*record.value)) {
      return problem_of(record, "its value is not UTF-8");
    } else if (format == KafkaFormat::kText) {
      value = json_string(*record.value);
    } else {
      if (const auto is_json = check_json(*record.value); !is_json.has_value()) {
        return problem_of(record, "its value is " + is_json.error().message);
      }
      value = *record.value;
    }
  }
  Event event = without_data(record);
  event.data = fmt::format(R"({{{},"value":{}}})", place_of(record), value);
  return event;
}

Event problem_of(const kafka::Record& record, std::string_view problem) {
  Event event = without_data(record);
  std::string bytes;
  if (record.value.has_value() && record.value->size() <= kBytesShown) {
    bytes = fmt::format(R"(,"base64":"{}")", base64(*record.value));
  }
  event.data =
      fmt::format(R"({{{},"problem":{}{}}})", place_of(record), json_string(problem), bytes);
  return event;
}

}  // namespace cordyna::input
