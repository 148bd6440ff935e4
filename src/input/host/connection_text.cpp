#include "input/host/connection_text.hpp"

#include <fmt/format.h>

#include <array>
#include <boost/json.hpp>
#include <utility>

namespace cordyna::input {
namespace {

namespace json = boost::json;

constexpr std::array<std::pair<std::string_view, std::string_view>, 6> kWords{{
    {"host", "host"},
    {"port", "port"},
    {"database", "dbname"},
    {"user", "user"},
    {"sslmode", "sslmode"},
    {"sslrootcert", "sslrootcert"},
}};

std::string text_of(const json::value* value) {
  if (value == nullptr) return {};
  const json::string* text = value->if_string();
  return text != nullptr ? std::string(text->data(), text->size()) : json::serialize(*value);
}

/// A value between quotes: backslashes before quotes and backslashes.
std::string quoted_value(std::string_view value) {
  std::string out = "'";
  for (const char c : value) {
    if (c == '\'' || c == '\\') out += '\\';
    out += c;
  }
  return out + "'";
}

/// The server takes it apart at blanks.
std::string setting(std::string_view key, std::string_view value) {
  std::string out = fmt::format("-c {}=", key);
  for (const char c : value) {
    if (c == ' ' || c == '\\') out += '\\';
    out += c;
  }
  return out;
}

}  // namespace

std::string password_secret(std::string_view connection_json) {
  boost::system::error_code error;
  const json::value parsed = json::parse(connection_json, error);
  const json::object* object = error ? nullptr : parsed.if_object();
  const json::value* password = object == nullptr ? nullptr : object->if_contains("password");
  if (password == nullptr || !password->is_object()) return {};
  return text_of(password->as_object().if_contains("secret"));
}

Result<std::string> connection_text(std::string_view connection_json, std::string_view password) {
  boost::system::error_code error;
  const json::value parsed = json::parse(connection_json, error);
  const json::object* object = error ? nullptr : parsed.if_object();
  if (object == nullptr) {
    return fail(ErrorCode::kInvalidArgument, "the connection is not one of a flow");
  }
  std::string out;
  const auto add = [&out](std::string_view word, std::string_view value) {
    if (!value.empty()) {
      out += fmt::format("{}{}={}", out.empty() ? "" : " ", word, quoted_value(value));
    }
  };
  for (const auto& [key, word] : kWords) add(word, text_of(object->if_contains(key)));
  add("password", password);
  std::string settings;
  const json::value* options = object->if_contains("options");
  if (options != nullptr && options->is_object()) {
    for (const auto& [key, value] : options->as_object()) {
      settings += (settings.empty() ? "" : " ") + setting(key, text_of(&value));
    }
  }
  add("options", settings);
  return out;
}

}  // namespace cordyna::input
