#include "input/host/kafka_connection.hpp"

#include <array>
#include <boost/json.hpp>
#include <utility>

namespace cordyna::input {
namespace {

namespace json = boost::json;

constexpr std::array<std::pair<std::string_view, std::string_view>, 4> kSettings{{
    {"ca_file", "ssl.ca.location"},
    {"certificate_file", "ssl.certificate.location"},
    {"key_file", "ssl.key.location"},
    {"user", "sasl.username"},
}};

std::string text_in(const json::object& object, std::string_view name) {
  const json::value* value = object.if_contains(name);
  const json::string* text = value == nullptr ? nullptr : value->if_string();
  return text == nullptr ? std::string() : std::string(text->data(), text->size());
}

std::string mechanism_of(const json::object& connection) {
  const std::string word = text_in(connection, "mechanism");
  if (word == "plain") return "PLAIN";
  return word == "scram-sha-256" ? "SCRAM-SHA-256" : "SCRAM-SHA-512";
}

}  // namespace

Result<> connect_kafka(std::string_view connection_json, std::string_view password,
                       KafkaOptions& options) {
  boost::system::error_code error;
  const json::value parsed = json::parse(connection_json, error);
  const json::object* object = error ? nullptr : parsed.if_object();
  const json::value* brokers = object == nullptr ? nullptr : object->if_contains("brokers");
  if (brokers == nullptr || !brokers->is_array()) {
    return fail(ErrorCode::kInvalidArgument, "the connection is not one of Kafka");
  }
  for (const json::value& broker : brokers->get_array()) {
    if (!broker.is_string()) continue;
    options.brokers += options.brokers.empty() ? "" : ",";
    options.brokers.append(broker.get_string().data(), broker.get_string().size());
  }
  for (const auto& [key, setting] : kSettings) {
    if (std::string value = text_in(*object, key); !value.empty()) {
      options.settings[std::string(setting)] = std::move(value);
    }
  }
  const json::value* tls = object->if_contains("tls");
  const bool encrypted = tls != nullptr && tls->is_bool() && tls->get_bool();
  const bool named = options.settings.contains("sasl.username");
  if (named) {
    options.settings["sasl.mechanism"] = mechanism_of(*object);
    options.settings["sasl.password"] = password;
  }
  options.settings["security.protocol"] =
      named ? (encrypted ? "sasl_ssl" : "sasl_plaintext") : (encrypted ? "ssl" : "plaintext");
  return {};
}

}  // namespace cordyna::input
