// What a trigger of type poll asks.
#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "base/check.hpp"
#include "base/durations.hpp"
#include "base/words.hpp"
#include "flow/trigger_reader.hpp"

namespace cordyna::flow {
namespace {

using Names = std::initializer_list<const char*>;

constexpr Names kOfUrl = {"method", "headers", "auth",      "json",    "items",
                          "send",   "next",    "send_next", "max_size"};
constexpr Names kOfQuery = {"query", "connection", "max_rows"};

/// A path with an empty name; those of JSON Pointer begin with a slash.
bool is_broken_path(std::string_view path) {
  const char between = path.starts_with('/') ? '/' : '.';
  if (path.starts_with('/')) path.remove_prefix(1);
  const std::string two(2, between);
  return path.empty() || path.front() == between || path.back() == between || path.contains(two);
}

}  // namespace

void TriggerReader::read_poll_key(const KeySpec& spec, const Node& value, PollSpec& poll) {
  const auto text = [&] { return std::string(reader_.text(value, spec.name).value_or("")); };
  if (spec.name == "every") {
    poll.every = reader_.duration(value, spec, spec.name).value_or(poll.every);
  } else if (spec.name == "timeout") {
    poll.timeout = reader_.duration(value, spec, spec.name).value_or(poll.timeout);
  } else if (spec.name == "cursor") {
    poll.cursor = text();
  } else if (spec.name == "key") {
    poll.key = texts(spec, value);
  } else if (spec.name == "start") {
    poll.only_new = reader_.word(value, spec, spec.name).value_or(0) == 1;
  } else if (spec.name == "url") {
    poll.url = text();
  } else if (spec.name == "method") {
    poll.posts = reader_.word(value, spec, spec.name).value_or(0) == 1;
  } else if (spec.name == "items") {
    poll.items = text();
  } else if (spec.name == "next") {
    poll.next = text();
  } else if (spec.name == "query") {
    std::string json;
    if (reader_.read(value, spec, spec.name, json)) poll.query = value.text;
  } else if (spec.name == "max_rows") {
    const auto rows = reader_.integer(value, spec, spec.name);
    if (rows.has_value()) poll.max_rows = static_cast<std::size_t>(*rows);
  } else if (spec.name == "max_size") {
    std::string json;
    if (reader_.read(value, spec, spec.name, json)) {
      poll.max_size = parse_size(value.text).value_or(poll.max_size);
    }
  } else {
    read_poll_object(spec, value, poll);
  }
}

/// What goes to the service as it is written: without templates, for there is no run.
void TriggerReader::read_poll_object(const KeySpec& spec, const Node& value, PollSpec& poll) {
  if (spec.name == "auth" && !check_auth(value)) return;
  Uses uses;
  ValueReader reader(reporter_, uses);
  std::string json;
  if (!reader.read(value, spec, spec.name, json)) return;
  for (const TemplateUse& use : uses.templates) {
    reporter_.error(*use.node, Code::kTemplateNotAllowed,
                    fmt::format("'{}' is sent as it is written; it has no templates", spec.name));
  }
  if (spec.name == "headers") {
    poll.headers = std::move(json);
  } else if (spec.name == "auth") {
    poll.auth = std::move(json);
  } else if (spec.name == "json") {
    poll.json = std::move(json);
  } else if (spec.name == "send") {
    poll.send = std::move(json);
  } else {
    CHECK(spec.name == "send_next");
    poll.send_next = std::move(json);
  }
}

bool TriggerReader::check_auth(const Node& value) {
  if (value.kind != NodeKind::kMap) return true;  // the reader says so
  for (const char* key : {"token", "password"}) {
    const Node* secret = value.find(key);
    if (secret == nullptr || secret->kind == NodeKind::kMap) continue;
    // The message must not show what stands there: it may be the secret itself.
    reporter_.error(*secret, Code::kBadValue,
                    fmt::format("a {} does not stand in a file: write {}: {{secret: NAME}}; 'dyna "
                                "secret set NAME' keeps its value",
                                key, key));
    return false;
  }
  const bool token = value.find("token") != nullptr;
  const bool user = value.find("user") != nullptr;
  const bool password = value.find("password") != nullptr;
  const bool header = value.find("header") != nullptr;
  if (token ? !user && !password : user && password && !header) return true;
  reporter_.error(value, Code::kBadValue,
                  "'auth' wants a token, which may have a 'header', or user and password");
  return false;
}

void TriggerReader::check_poll(const Node& node, const TriggerSpec& trigger) {
  const Node* url = node.find("url");
  const Node* query = node.find("query");
  if (url == nullptr && query == nullptr) {
    reporter_.error(node, Code::kMissingKey,
                    "a poll has no 'url' and no 'query'; one of them says what is asked");
    return;
  }
  for (const char* key : url != nullptr ? kOfQuery : kOfUrl) {
    if (const Node* at = node.find(key); at != nullptr) {
      reporter_.error(*at, Code::kBadKey,
                      url != nullptr
                          ? fmt::format("'{}' is for a database, and 'url' is a web service; leave "
                                        "one of them out",
                                        key)
                          : fmt::format("'{}' is for a web service, and there is no 'url'", key));
      return;
    }
  }
  if (url != nullptr) {
    check_poll_url(node, *url, trigger.poll);
    return;
  }
  for (const char* key : {"connection", "cursor"}) {
    if (node.find(key) != nullptr) continue;
    reporter_.error(node, Code::kMissingKey, fmt::format("'query' wants '{}' beside it", key));
  }
  const std::string_view text = query->text;
  if (query->is_scalar() && text.find_first_not_of(" \t\r\n;") == std::string_view::npos) {
    reporter_.error(*query, Code::kBadValue, "'query' is one SELECT");
  }
  const Node* connection = node.find("connection");
  if (connection == nullptr || !trigger.listen.connection.contains(R"("type":"duckdb")")) return;
  reporter_.error(*connection, Code::kBadValue,
                  "a connection of type postgres or sqlite is wanted here, not duckdb");
}

void TriggerReader::check_poll_url(const Node& node, const Node& url, const PollSpec& poll) {
  const std::string front = ascii_lower(std::string_view(poll.url).substr(0, 8));
  if (!poll.url.empty() && !front.starts_with("http://") && !front.starts_with("https://")) {
    reporter_.error(
        url, Code::kBadValue,
        fmt::format("'url' begins with https:// or http://, not as {}", quoted(poll.url)));
  }
  for (const auto& [key, wanted] : {std::pair("send", "cursor"), std::pair("send_next", "next")}) {
    const Node* at = node.find(key);
    if (at == nullptr) continue;
    if (node.find(wanted) == nullptr) {
      reporter_.error(*at, Code::kMissingKey,
                      fmt::format("'{}' wants '{}' beside it", key, wanted));
    }
    if (at->kind != NodeKind::kMap) continue;
    const auto has = [&](const char* name) { return at->find(name) != nullptr ? 1 : 0; };
    if (has("query") + has("header") + has("body") != 1) {
      reporter_.error(*at, Code::kBadValue,
                      fmt::format("'{}' wants one of query, header and body", key));
    } else if (has("body") == 1 && !poll.posts) {
      reporter_.error(*at, Code::kBadValue,
                      fmt::format("'{}' in a body wants 'method: POST'", key));
    }
  }
  if (const Node* json = node.find("json"); json != nullptr && !poll.posts) {
    reporter_.error(*json, Code::kBadValue, "'json' wants 'method: POST'");
  }
  for (const char* key : {"cursor", "items", "next"}) {
    const Node* at = node.find(key);
    if (at == nullptr || !at->is_scalar() || !is_broken_path(at->text)) continue;
    reporter_.error(*at, Code::kBadValue,
                    fmt::format("'{}' is a path such as data.orders, or, for names with points, "
                                "/data/a.b, not {}",
                                key, quoted(at->text)));
  }
}

}  // namespace cordyna::flow
