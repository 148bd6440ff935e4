#include "protocol/documents.hpp"

#include <fmt/format.h>

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>
#include <string_view>

#include "protocol/messages.hpp"
#include "shape/json_schema.hpp"

namespace cordyna::protocol {
namespace {

namespace json = boost::json;

using shape::Field;
using shape::ObjectSpec;
using shape::ValueType;

json::object text_schema(std::string_view text) {
  return {{"type", "string"}, {"description", text}};
}

/// Of the attributes around the data, which is at `data_ref`.
json::object envelope_schema(const MessageSpec& message, std::string_view refs) {
  json::object properties{
      {"specversion", json::object{{"const", "1.0"}}},
      {"id", text_schema("Made once, and the same each time that the message is sent.")},
      {"source", text_schema("Who sends it: urn:cordyna:ts:TEAM/SERVER, urn:cordyna:cerebro.")},
      {"type", json::object{{"const", message.type}}},
      {"time", json::object{{"type", "string"}, {"format", "date-time"}}},
      {"subject", text_schema("The attempt's name, where there is one.")},
      {"datacontenttype", json::object{{"const", "application/json"}}},
      {"session", text_schema("As welcome gave it.")},
      {"seq", json::object{{"type", "string"}, {"pattern", "^[1-9][0-9]{0,18}$"}}},
      {"traceparent", text_schema("W3C Trace Context.")},
      {"data", json::object{{"$ref", fmt::format("{}{}", refs, message.data->name)}}}};
  return {{"type", "object"},
          {"description", message.text},
          {"properties", std::move(properties)},
          {"required", json::array{"specversion", "id", "source", "type", "data"}}};
}

/// Declarations are closed, so that a typing error is told; all else is open, so that both sides
/// can gain fields.
bool is_open(const ObjectSpec& spec) {
  for (const std::string_view closed : {"TaskDeclaration", "Owner", "Need", "Timeouts", "Retry"}) {
    if (spec.name == closed) return false;
  }
  return true;
}

json::object data_schemas(std::string_view refs) {
  json::object out;
  for (const ObjectSpec* spec : message_objects()) {
    out[spec->name] = shape::schema_of(*spec, refs, is_open(*spec));
  }
  return out;
}

std::string_view words_of(Direction direction) {
  switch (direction) {
    case Direction::kToCerebro: return "server → cerebro";
    case Direction::kToServer: return "cerebro → server";
    case Direction::kBoth: return "both";
  }
  return "";
}

/// "cordyna.task.started.v1" → "task.started".
std::string_view short_name(const MessageSpec& message) {
  constexpr std::string_view kFront = "cordyna.";
  return message.type.substr(kFront.size(), message.type.rfind('.') - kFront.size());
}

std::string type_text(const Field& field) {
  switch (field.type) {
    case ValueType::kString: {
      if (field.values.empty()) return "string";
      std::string out;
      for (const std::string_view value : field.values) {
        out += fmt::format("{}`{}`", out.empty() ? "" : ", ", value);
      }
      return out;
    }
    case ValueType::kInteger: return "integer";
    case ValueType::kNumber: return "number";
    case ValueType::kBoolean: return "boolean";
    case ValueType::kTime: return "time";
    case ValueType::kObject: return "object";
    case ValueType::kStrings: return "list of strings";
    case ValueType::kRef: return fmt::format("[{}](#{})", field.ref, field.ref);
    case ValueType::kRefs:
    case ValueType::kParts: return fmt::format("list of [{}](#{})", field.ref, field.ref);
    case ValueType::kAny: return "anything";
  }
  return "";
}

void append_fields(std::string& out, const ObjectSpec& spec) {
  out += "\n| field | type | | |\n|---|---|---|---|\n";
  for (const Field& field : spec.fields) {
    out += fmt::format("| `{}` | {} | {} | {} |\n", field.name, type_text(field),
                       field.required ? "wanted" : "", field.text);
  }
}

}  // namespace

std::string protocol_schema() {
  constexpr std::string_view kRefs = "#/$defs/";
  json::object defs = data_schemas(kRefs);
  json::array kinds;
  for (const MessageSpec& message : messages()) {
    const std::string name(short_name(message));
    defs[name] = envelope_schema(message, kRefs);
    kinds.push_back(json::object{{"$ref", fmt::format("{}{}", kRefs, name)}});
  }
  const json::object document{{"$schema", "https://json-schema.org/draft/2020-12/schema"},
                              {"title", "A message between cerebro and a task server"},
                              {"oneOf", std::move(kinds)},
                              {"$defs", std::move(defs)}};
  return json::serialize(document);
}

std::string asyncapi_document() {
  constexpr std::string_view kRefs = "#/components/schemas/";
  json::object schemas = data_schemas(kRefs);
  json::object known;
  json::object of_channel;
  json::array sent;
  json::array taken;
  for (const MessageSpec& message : messages()) {
    const std::string name(short_name(message));
    schemas[name] = envelope_schema(message, kRefs);
    known[name] =
        json::object{{"name", message.type},
                     {"summary", message.text},
                     {"contentType", "application/cloudevents+json"},
                     {"x-cordyna-level", message.level},
                     {"payload", json::object{{"$ref", fmt::format("{}{}", kRefs, name)}}}};
    of_channel[name] = json::object{{"$ref", "#/components/messages/" + name}};
    const json::object in_channel{{"$ref", "#/channels/session/messages/" + name}};
    if (message.direction != Direction::kToCerebro) sent.push_back(in_channel);
    if (message.direction != Direction::kToServer) taken.push_back(in_channel);
  }
  const json::object channel{{"$ref", "#/channels/session"}};
  const json::object document{
      {"asyncapi", "3.0.0"},
      {"info", json::object{{"title", "The task-server protocol of Cordyna"},
                            {"version", CORDYNA_VERSION},
                            {"description",
                             "As cerebro sees it: it sends commands, and takes what "
                             "task servers tell."}}},
      {"channels", json::object{{"session", json::object{{"address", nullptr},
                                                         {"messages", std::move(of_channel)}}}}},
      {"operations", json::object{{"invoke", json::object{{"action", "send"},
                                                          {"channel", channel},
                                                          {"messages", std::move(sent)}}},
                                  {"listen", json::object{{"action", "receive"},
                                                          {"channel", channel},
                                                          {"messages", std::move(taken)}}}}},
      {"components",
       json::object{{"messages", std::move(known)}, {"schemas", std::move(schemas)}}}};
  return json::serialize(document);
}

std::string protocol_reference() {
  std::string out =
      "# Messages of the task-server protocol\n\nLevel 0 is doable with curl; 1 are sessions; 2 "
      "goes on after a reconnect, and "
      "drains.\n\n| type | way | level | what |\n|---|---|---|---|\n";
  for (const MessageSpec& message : messages()) {
    out += fmt::format("| [`{}`](#{}) | {} | {} | {} |\n", message.type, message.data->name,
                       words_of(message.direction), message.level, message.text);
  }
  for (const MessageSpec& message : messages()) {
    out += fmt::format("\n## {}\n`{}`: {}\n", message.data->name, message.type, message.text);
    append_fields(out, *message.data);
  }
  for (const ObjectSpec* spec : message_objects()) {
    if (spec->text.empty()) continue;  // a message's
    out += fmt::format("\n## {}\n{}\n", spec->name, spec->text);
    append_fields(out, *spec);
  }
  return out;
}

}  // namespace cordyna::protocol
