#include "server/api/call.hpp"

#include <charconv>
#include <utility>

#include "base/check.hpp"

namespace cordyna::server {

const std::string& Call::value(std::string_view name) const {
  std::size_t place = 0;
  std::string_view path = route->path;
  while (true) {
    const std::size_t open = path.find('{');
    CHECK(open != std::string_view::npos);  // a handler asks for names of its own route
    const std::size_t close = path.find('}', open);
    if (path.substr(open + 1, close - open - 1) == name) return values[place];
    ++place;
    path.remove_prefix(close + 1);
  }
}

std::string Call::ns() const {
  const std::string& text = value("namespace");
  return text == kNoNamespace ? std::string() : text;
}

std::optional<std::string> Call::query_value(std::string_view name) const {
  for (const auto& [key, text] : query) {
    if (key == name) return text;
  }
  return std::nullopt;
}

std::int64_t Call::query_number(std::string_view name, std::int64_t otherwise) const {
  const auto text = query_value(name);
  if (!text.has_value()) return otherwise;
  std::int64_t number = otherwise;
  std::from_chars(text->data(), text->data() + text->size(), number);
  return number;
}

Millis Call::query_time(std::string_view name) const {
  const auto text = query_value(name);
  return text.has_value() ? parse_timestamp(*text).value_or(0) : 0;
}

bool Call::query_flag(std::string_view name) const {
  return query_value(name) == "true";
}

void Call::answer(HttpResponse response) {
  if (!respond) return;
  std::exchange(respond, {})(std::move(response));
}

void Call::answer(std::string json) {
  HttpResponse response{route->status, {{"Content-Type", "application/json"}}, std::move(json)};
  if (!response.body.empty() && response.body.back() != '\n') response.body += '\n';
  answer(std::move(response));
}

void Call::refuse(const Problem& problem) {
  answer(to_response(problem));
}

}  // namespace cordyna::server
