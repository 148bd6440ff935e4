#include "input/redis/entries.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "base/base64.hpp"
#include "base/hash.hpp"
#include "base/json_text.hpp"
#include "base/text.hpp"
#include "input/json_check.hpp"

namespace cordyna::input {
namespace {

constexpr Millis kEarliestTime = 946'684'800'000;  // 2000-01-01: before, an id is no time
constexpr Millis kAhead = 86'400'000;

std::string bytes_json(std::string_view bytes) {
  return fmt::format(R"({{"base64":"{}"}})", base64(bytes));
}

std::string value_json(const std::string& value, RedisFormat format) {
  if (!is_utf8(value)) return bytes_json(value);
  if (format == RedisFormat::kJson && check_json(value).has_value()) return value;
  return json_string(value);
}

std::string fields_json(const StreamEntry& entry, RedisFormat format) {
  std::map<std::string_view, std::vector<std::string>> named;
  std::string binary;
  for (const auto& [name, value] : entry.fields) {
    if (is_utf8(name)) {
      named[name].push_back(value_json(value, format));
    } else {
      binary += fmt::format(R"({}{{"name":{},"value":{}}})", binary.empty() ? "" : ",",
                            bytes_json(name), value_json(value, format));
    }
  }
  std::string out;
  for (const auto& [name, values] : named) {
    const std::string list = fmt::format("{}", fmt::join(values, ","));
    out += fmt::format("{}{}:{}", out.empty() ? "" : ",", json_string(name),
                       values.size() == 1 ? list : "[" + list + "]");
  }
  out = fmt::format(R"("fields":{{{}}})", out);
  return binary.empty() ? out : fmt::format(R"({},"binary":[{}])", out, binary);
}

/// A stream that was made anew may have the ids of the one before.
std::string entry_key(std::string_view stream, const EntryId& id, std::int64_t anew) {
  const std::string rest = fmt::format("/{}/{}", anew, to_text(id));
  const bool plain = is_utf8(stream) && std::ranges::none_of(stream, [](char c) {
                       const auto byte = static_cast<unsigned char>(c);
                       return byte < 0x20 || byte == 0x7f;
                     });
  if (plain && stream.size() + rest.size() + 2 <= kEventKeyMax) {
    return fmt::format("r:{}{}", stream, rest);
  }
  return fmt::format("r~{:016x}{:016x}{}", fnv1a(stream), fnv1a(stream, fnv1a("again")), rest);
}

Event event_without_data(std::string_view stream, const StreamEntry& entry, std::int64_t anew,
                         Millis now) {
  Event event;
  event.location = stream;
  event.operation = Operation::kCreate;
  event.id = to_text(entry.id);
  const auto time = static_cast<Millis>(std::min<std::uint64_t>(entry.id.ms, INT64_MAX));
  const bool is_time = time >= kEarliestTime && time <= now + kAhead;
  event.at = EventTime(std::chrono::milliseconds(is_time ? time : now));
  event.key = entry_key(stream, entry.id, anew);
  return event;
}

}  // namespace

Result<std::vector<StreamEntry>> entries_of(const redis::Reply& list) {
  std::vector<StreamEntry> entries;
  entries.reserve(list.list.size());
  for (const redis::Reply& one : list.list) {
    if (one.is_nil()) continue;  // Redis 6.2: one that XAUTOCLAIM found deleted
    const auto id = one.list.size() == 2 ? parse_entry_id(one.list[0].text) : std::nullopt;
    if (!id.has_value()) {
      return fail(ErrorCode::kUnavailable, "the server gave something else than entries");
    }
    StreamEntry entry{.id = *id};
    const redis::Reply& fields = one.list[1];
    entry.is_deleted = fields.is_nil();
    entry.fields.reserve(fields.list.size() / 2);
    for (std::size_t i = 0; i + 1 < fields.list.size(); i += 2) {
      entry.fields.emplace_back(fields.list[i].text, fields.list[i + 1].text);
    }
    entries.push_back(std::move(entry));
  }
  return entries;
}

Event event_of(std::string_view stream, const StreamEntry& entry, std::int64_t anew,
               RedisFormat format, Millis now) {
  if (entry.is_deleted) {
    return problem_of(stream, entry, anew,
                      "the entry was deleted, or trimmed, before its event was kept", now);
  }
  Event event = event_without_data(stream, entry, anew, now);
  event.data = fmt::format(R"({{"id":"{}",{}}})", event.id, fields_json(entry, format));
  return event;
}

Event problem_of(std::string_view stream, const StreamEntry& entry, std::int64_t anew,
                 std::string_view problem, Millis now) {
  Event event = event_without_data(stream, entry, anew, now);
  event.data = fmt::format(R"({{"id":"{}","problem":{}}})", event.id, json_string(problem));
  return event;
}

}  // namespace cordyna::input
