#include "cordyna/event.hpp"

#include <fmt/format.h>

#include <array>
#include <boost/json.hpp>
#include <cctype>
#include <optional>
#include <utility>

#include "base/text.hpp"
#include "base/time.hpp"
#include "embed/json_slice.hpp"

namespace cordyna {
namespace {

constexpr std::array<std::string_view, 7> kEventKeys = {"location", "operation", "id", "trigger",
                                                        "at",       "data",      "key"};

std::string lower(std::string_view text) {
  std::string out(text);
  for (char& c : out) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return out;
}

std::unexpected<Error> bad_event_text(std::string_view what) {
  return fail(ErrorCode::kInvalidArgument, fmt::format("event: {}", what));
}

Result<> check_keys(const boost::json::object& event) {
  for (const auto& [key, value] : event) {
    const std::string_view name(key.data(), key.size());
    bool known = false;
    for (const std::string_view one : kEventKeys) known = known || one == name;
    if (!known) {
      return bad_event_text(fmt::format("'{}' is no key of an event; there are: {}",
                                        printable(name), fmt::join(kEventKeys, ", ")));
    }
  }
  return {};
}

Result<std::string> text_member(const boost::json::object& event, std::string_view key) {
  const auto* value = event.if_contains(key);
  if (value == nullptr) return std::string();
  const auto* text = value->if_string();
  if (text == nullptr) return bad_event_text(fmt::format("'{}' must be a text", key));
  return std::string(text->data(), text->size());
}

Result<EventTime> time_of(const boost::json::object& event) {
  TRY_ASSIGN(const std::string text, text_member(event, "at"));
  if (text.empty()) return EventTime{};
  const auto at = parse_timestamp(text);
  if (!at.has_value()) {
    return bad_event_text(fmt::format(
        "'at' is no time: \"{}\"; want one as \"2026-01-02T03:04:05.006Z\"", printable(text)));
  }
  return EventTime(std::chrono::milliseconds(*at));
}

}  // namespace

std::string_view to_string(Operation operation) {
  switch (operation) {
    case Operation::kUnknown: return "unknown";
    case Operation::kCreate: return "create";
    case Operation::kRead: return "read";
    case Operation::kUpdate: return "update";
    case Operation::kDelete: return "delete";
  }
  return "unknown";
}

Result<Operation> parse_operation(std::string_view text) {
  const std::string word = lower(text);
  if (word == "create" || word == "insert") return Operation::kCreate;
  if (word == "read") return Operation::kRead;
  if (word == "update") return Operation::kUpdate;
  if (word == "delete" || word == "remove") return Operation::kDelete;
  return fail(ErrorCode::kInvalidArgument,
              fmt::format("unknown operation \"{}\"; want create (or insert), read, update, delete "
                          "(or remove)",
                          printable(text)));
}

std::string to_json(const Event& event) {
  std::string out = R"({"location":)";
  append_json(out, event.location);
  out += fmt::format(R"(,"operation":"{}","id":)", to_string(event.operation));
  append_json(out, event.id);
  out += R"(,"trigger":)";
  append_json(out, event.trigger);
  if (event.at != EventTime{}) {
    out += fmt::format(R"(,"at":"{}")", format_timestamp(event.at.time_since_epoch().count()));
  }
  if (!event.data.empty()) {
    out += R"(,"data":)";
    out += event.data;
  }
  if (!event.key.empty()) {
    out += R"(,"key":)";
    append_json(out, event.key);
  }
  out += '}';
  return out;
}

Result<Event> parse_event(std::string_view json) {
  TRY_ASSIGN(const boost::json::value value, embed::parse_json("event", json));
  const auto* object = value.if_object();
  if (object == nullptr) return bad_event_text("want a JSON object with the keys of an event");
  TRY(check_keys(*object));
  if (!object->contains("location")) return bad_event_text("'location' is missing");
  Event event;
  TRY_ASSIGN(event.location, text_member(*object, "location"));
  TRY_ASSIGN(const std::string operation, text_member(*object, "operation"));
  if (!operation.empty() && lower(operation) != "unknown") {
    auto parsed = parse_operation(operation);
    if (!parsed.has_value()) return fail("event: 'operation'", parsed.error());
    event.operation = *parsed;
  }
  TRY_ASSIGN(event.id, text_member(*object, "id"));
  TRY_ASSIGN(event.trigger, text_member(*object, "trigger"));
  TRY_ASSIGN(event.at, time_of(*object));
  TRY_ASSIGN(event.key, text_member(*object, "key"));
  event.data = embed::member_text(json, "data");
  return event;
}

}  // namespace cordyna
