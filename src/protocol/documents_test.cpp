#include "protocol/documents.hpp"

#include <gtest/gtest.h>

#include <boost/json.hpp>
#include <set>

#include "protocol/messages.hpp"

namespace cordyna::protocol {
namespace {

namespace json = boost::json;

/// All that "$ref" says, wherever it stands.
void collect_refs(const json::value& value, std::set<std::string>& refs) {
  if (const auto* object = value.if_object()) {
    for (const auto& [key, inner] : *object) {
      if (key == "$ref") refs.emplace(inner.as_string());
      collect_refs(inner, refs);
    }
  } else if (const auto* list = value.if_array()) {
    for (const json::value& inner : *list) collect_refs(inner, refs);
  }
}

/// What a reference is to; null: nothing.
const json::value* target_of(const json::value& document, std::string_view ref) {
  boost::system::error_code error;
  return document.find_pointer(ref.substr(1), error);
}

TEST(ProtocolDocuments, EachReferenceLeadsSomewhere) {
  for (const std::string& text : {protocol_schema(), asyncapi_document()}) {
    const json::value document = json::parse(text);
    std::set<std::string> refs;
    collect_refs(document, refs);
    EXPECT_GT(refs.size(), messages().size());
    for (const std::string& ref : refs) EXPECT_NE(target_of(document, ref), nullptr) << ref;
  }
}

TEST(ProtocolDocuments, AllMessagesAreInEachOfThem) {
  const json::value schema = json::parse(protocol_schema());
  EXPECT_EQ(schema.at("oneOf").as_array().size(), messages().size());
  const json::value api = json::parse(asyncapi_document());
  EXPECT_EQ(api.at("asyncapi").as_string(), "3.0.0");
  EXPECT_EQ(api.at("components").at("messages").as_object().size(), messages().size());
  std::size_t sent = 0;
  std::size_t taken = 0;
  for (const MessageSpec& message : messages()) {
    sent += message.direction == Direction::kToCerebro ? 0 : 1;
    taken += message.direction == Direction::kToServer ? 0 : 1;
  }
  EXPECT_EQ(api.at("operations").at("invoke").at("messages").as_array().size(), sent);
  EXPECT_EQ(api.at("operations").at("listen").at("messages").as_array().size(), taken);
  const std::string reference = protocol_reference();
  for (const MessageSpec& message : messages()) {
    EXPECT_TRUE(reference.contains("`" + std::string(message.type) + "`")) << message.type;
  }
}

TEST(ProtocolDocuments, DeclarationsAreClosedAndAllElseIsOpen) {
  const json::value schema = json::parse(protocol_schema());
  const auto& defs = schema.at("$defs").as_object();
  EXPECT_FALSE(defs.at("TaskDeclaration").at("additionalProperties").as_bool());
  EXPECT_FALSE(defs.at("Retry").at("additionalProperties").as_bool());
  EXPECT_FALSE(defs.at("Invoke").as_object().contains("additionalProperties"));
}

}  // namespace
}  // namespace cordyna::protocol
