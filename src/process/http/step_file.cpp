#include "process/http/step_file.hpp"

#include <fmt/format.h>

#include <boost/json.hpp>
#include <exception>
#include <utility>

#include "base/text.hpp"
#include "http/webhook.hpp"

namespace cordyna::web {
namespace {

namespace json = boost::json;

constexpr std::string_view kIdempotencyKey = "Idempotency-Key";

json::array headers_json(const http::Headers& headers) {
  json::array list;
  for (const http::Header& header : headers) list.push_back({header.name, header.value});
  return list;
}

http::Headers headers_from(const json::value& value) {
  http::Headers headers;
  for (const json::value& item : value.as_array()) {
    headers.push_back(
        {json::value_to<std::string>(item.at(0)), json::value_to<std::string>(item.at(1))});
  }
  return headers;
}

void add_text(json::object& object, std::string_view name, const std::optional<std::string>& text) {
  if (text.has_value()) object[{name.data(), name.size()}] = *text;
}

std::optional<std::string> text_from(const json::object& object, std::string_view name) {
  const json::value* value = object.if_contains({name.data(), name.size()});
  if (value == nullptr) return std::nullopt;
  return json::value_to<std::string>(*value);
}

std::unexpected<Error> wrong_header(const http::Header& header, std::string_view what) {
  return fail(ErrorCode::kInvalidArgument,
              fmt::format("headers.{}: {}", printable(header.name), what));
}

Result<> add_header(http::Headers& headers, const http::Header& header) {
  auto good = http::check_header(header);
  if (!good.has_value()) return wrong_header(header, good.error().message);
  if (http::is_own_header(header.name)) {
    return wrong_header(header, "it is written by Cordyna itself; leave it out");
  }
  if (http::find_header(headers, header.name) != nullptr) {
    return wrong_header(header, "it stands there twice");
  }
  headers.push_back(header);
  return {};
}

}  // namespace

bool StepSecrets::empty() const {
  return !url.has_value() && !body.has_value() && headers.empty() && authorization.empty() &&
         sign.empty() && masks.empty();
}

std::string StepSecrets::hide(std::string text) const {
  for (const std::string& mask : masks) hide_in(text, mask);
  return text;
}

std::string to_json(const HttpStep& step) {
  json::array accepted;
  for (const StatusRange& range : step.accepted) accepted.push_back({range.first, range.last});
  return json::serialize(json::object{{"method", step.method},
                                      {"url", step.url},
                                      {"headers", headers_json(step.headers)},
                                      {"body", step.body},
                                      {"accepted", std::move(accepted)},
                                      {"follows", step.follows},
                                      {"host_by", static_cast<int>(step.host_by)},
                                      {"connect", step.connect},
                                      {"idle", step.idle},
                                      {"limit", step.limit},
                                      {"bytes_max", step.bytes_max},
                                      {"id", step.id},
                                      {"has_key", step.has_key},
                                      {"may_repeat", step.may_repeat}});
}

Result<HttpStep> parse_step(std::string_view text) {
  try {
    const json::value value = json::parse({text.data(), text.size()});
    const json::object& object = value.as_object();
    HttpStep step;
    step.method = json::value_to<std::string>(object.at("method"));
    step.url = json::value_to<std::string>(object.at("url"));
    step.headers = headers_from(object.at("headers"));
    step.body = json::value_to<std::string>(object.at("body"));
    for (const json::value& range : object.at("accepted").as_array()) {
      step.accepted.push_back({json::value_to<int>(range.at(0)), json::value_to<int>(range.at(1))});
    }
    step.follows = object.at("follows").as_bool();
    step.host_by = static_cast<HostBy>(json::value_to<int>(object.at("host_by")));
    step.connect = json::value_to<Millis>(object.at("connect"));
    step.idle = json::value_to<Millis>(object.at("idle"));
    step.limit = json::value_to<Millis>(object.at("limit"));
    step.bytes_max = json::value_to<std::uint64_t>(object.at("bytes_max"));
    step.id = json::value_to<std::string>(object.at("id"));
    step.has_key = object.at("has_key").as_bool();
    step.may_repeat = object.at("may_repeat").as_bool();
    return step;
  } catch (const std::exception& error) {
    return fail(ErrorCode::kCorrupt, error.what());
  }
}

std::string to_json(const StepSecrets& secrets) {
  json::object object;
  add_text(object, "url", secrets.url);
  add_text(object, "body", secrets.body);
  object["headers"] = headers_json(secrets.headers);
  object["authorization"] = secrets.authorization;
  object["sign"] = secrets.sign;
  object["masks"] = json::value_from(secrets.masks);
  return json::serialize(object);
}

Result<StepSecrets> parse_secrets(std::string_view text) {
  if (text.empty()) return StepSecrets{};
  try {
    const json::value value = json::parse({text.data(), text.size()});
    const json::object& object = value.as_object();
    StepSecrets secrets;
    secrets.url = text_from(object, "url");
    secrets.body = text_from(object, "body");
    secrets.headers = headers_from(object.at("headers"));
    secrets.authorization = json::value_to<std::string>(object.at("authorization"));
    secrets.sign = json::value_to<std::string>(object.at("sign"));
    secrets.masks = json::value_to<std::vector<std::string>>(object.at("masks"));
    return secrets;
  } catch (const std::exception&) {
    return fail(ErrorCode::kCorrupt, "the secrets are not as they were handed over");
  }
}

Result<http::Request> request_of(const HttpStep& step, const StepSecrets& secrets) {
  http::Request request;
  request.method = step.method;
  auto url = http::parse_url(secrets.url.value_or(step.url));
  if (!url.has_value()) {
    return fail(ErrorCode::kInvalidArgument, "url: " + secrets.hide(url.error().message));
  }
  request.url = *std::move(url);
  request.body = secrets.body.value_or(step.body);
  for (const http::Header& header : step.headers) {
    const std::string* secret = http::find_header(secrets.headers, header.name);
    TRY(add_header(request.headers,
                   secret == nullptr ? header : http::Header{header.name, *secret}));
  }
  if (!secrets.authorization.empty()) {
    auto added = add_header(request.headers, {"Authorization", secrets.authorization});
    if (!added.has_value()) {
      return fail(ErrorCode::kInvalidArgument,
                  "auth: it cannot be a header, or headers.Authorization stands there, too");
    }
  }
  if (step.has_key && http::find_header(request.headers, kIdempotencyKey) == nullptr) {
    TRY(add_header(request.headers, {std::string(kIdempotencyKey), step.id}));
  }
  if (secrets.sign.empty()) return request;
  if (const auto key = http::webhook_key(secrets.sign); !key.has_value()) {
    return fail("sign", key.error());
  }
  return request;
}

}  // namespace cordyna::web
