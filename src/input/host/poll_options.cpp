#include "input/host/poll_options.hpp"

#include <fmt/format.h>

#include <boost/json.hpp>
#include <filesystem>
#include <utility>

#include "base/durations.hpp"

namespace cordyna::input {
namespace {

namespace json = boost::json;

/// An empty object where it is none.
json::object object_of(const std::string& text) {
  boost::system::error_code error;
  const json::value parsed = json::parse(text, error);
  const json::object* object = error ? nullptr : parsed.if_object();
  return object == nullptr ? json::object() : *object;
}

std::string text_in_object(const json::object& object, std::string_view name) {
  const json::value* value = object.if_contains({name.data(), name.size()});
  const json::string* text = value == nullptr ? nullptr : value->if_string();
  return text == nullptr ? std::string() : std::string(text->data(), text->size());
}

/// Of {"secret":NAME} at `name`; empty: there is none.
Result<std::string> secret_in(const json::object& object, std::string_view name,
                              const Secrets& secrets) {
  const json::value* value = object.if_contains({name.data(), name.size()});
  const json::object* place = value == nullptr ? nullptr : value->if_object();
  if (place == nullptr) return std::string();
  const std::string secret = text_in_object(*place, "secret");
  TRY_ASSIGN(std::string found, secrets.find(secret));
  if (!found.empty()) return found;
  return fail(ErrorCode::kInvalidArgument,
              fmt::format("auth.{}: the secret {} is empty", name, secret));
}

PollSend send_of(const std::string& text) {
  const json::object object = object_of(text);
  return {text_in_object(object, "query"), text_in_object(object, "header"),
          text_in_object(object, "body")};
}

PollOptions common_of(const TriggerSpec& spec) {
  PollOptions options;
  options.every = std::chrono::milliseconds(spec.poll.every);
  options.timeout = std::chrono::milliseconds(spec.poll.timeout);
  options.cursor = spec.poll.cursor;
  options.key = spec.poll.key;
  options.start = spec.poll.only_new ? PollStart::kLatest : PollStart::kEarliest;
  options.over_gaps = spec.listen.over_gaps;
  return options;
}

}  // namespace

Result<HttpPoll> http_poll_of(const TriggerSpec& spec, const Secrets& secrets) {
  HttpPoll options;
  options.poll = common_of(spec);
  options.url = spec.poll.url;
  options.method = spec.poll.posts ? "POST" : "GET";
  for (const auto& [name, value] : object_of(spec.poll.headers)) {
    const json::string* text = value.if_string();
    options.headers[std::string(name)] =
        text == nullptr ? json::serialize(value) : std::string(text->data(), text->size());
  }
  const json::object auth = object_of(spec.poll.auth);
  TRY_ASSIGN(options.token, secret_in(auth, "token", secrets));
  options.token_header = text_in_object(auth, "header");
  options.user = text_in_object(auth, "user");
  TRY_ASSIGN(options.password, secret_in(auth, "password", secrets));
  options.json = spec.poll.json;
  options.items = spec.poll.items;
  options.send = send_of(spec.poll.send);
  options.next = spec.poll.next;
  options.send_next = send_of(spec.poll.send_next);
  options.answer_bytes = spec.poll.max_size;
  return options;
}

Result<SqlPoll> sql_poll_of(const TriggerSpec& spec) {
  SqlPoll options;
  options.poll = common_of(spec);
  options.query = spec.poll.query;
  options.rows = spec.poll.max_rows;
  const json::object connection = object_of(spec.listen.connection);
  if (text_in_object(connection, "type") != "sqlite") return options;
  options.sqlite = text_in_object(connection, "database");
  const std::string wait = text_in_object(connection, "lock_timeout");
  if (wait.empty()) return options;
  TRY_ASSIGN(const Millis lock_timeout, parse_duration(wait));
  options.lock_timeout = std::chrono::milliseconds(lock_timeout);
  return options;
}

std::string with_absolute_database(const std::string& connection_json, const std::string& folder) {
  json::object connection = object_of(connection_json);
  if (text_in_object(connection, "type") != "sqlite") return connection_json;
  const std::string file = text_in_object(connection, "database");
  connection["database"] = (std::filesystem::path(folder) / file).lexically_normal().string();
  return json::serialize(connection);
}

}  // namespace cordyna::input
