#include "google/service_account.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <boost/json.hpp>

#include "base/base64.hpp"
#include "http/rsa.hpp"
#include "http/url.hpp"

namespace cordyna::google {
namespace {

namespace json = boost::json;

constexpr std::string_view kWhat = "the service account's key";

std::string base64_url(std::string_view bytes) {
  std::string text = base64(bytes);
  std::ranges::replace(text, '+', '-');
  std::ranges::replace(text, '/', '_');
  while (text.ends_with('=')) text.pop_back();
  return text;
}

}  // namespace

Result<ServiceAccount> parse_service_account(std::string_view text) {
  boost::system::error_code error;
  const json::value value = json::parse(json::string_view(text.data(), text.size()), error);
  if (error.failed() || !value.is_object()) {
    return fail(
        ErrorCode::kInvalidArgument,
        fmt::format("{} is no JSON object; the whole file that Google gives is wanted", kWhat));
  }
  ServiceAccount account;
  for (const auto& [name, into] :
       {std::pair<const char*, std::string*>{"client_email", &account.email},
        {"private_key", &account.private_key},
        {"token_uri", &account.token_uri},
        {"private_key_id", &account.key_id}}) {
    const json::value* field = value.get_object().if_contains(name);
    if (field != nullptr && field->is_string()) *into = field->get_string().c_str();
    if (!into->empty() || into == &account.key_id) continue;
    return fail(ErrorCode::kInvalidArgument, fmt::format("{} has no '{}'", kWhat, name));
  }
  const Result<http::Url> url = http::parse_url(account.token_uri);
  if (!url.has_value() || (!url->is_tls() && !http::is_loopback(url->host))) {
    return fail(ErrorCode::kInvalidArgument,
                fmt::format("{} has a 'token_uri' that is no https://", kWhat));
  }
  return account;
}

Result<std::string> make_assertion(const ServiceAccount& account, std::string_view scope,
                                   Millis now) {
  constexpr Millis kSecond = 1000;
  constexpr std::int64_t kHour = 3600;
  json::object header{{"alg", "RS256"}, {"typ", "JWT"}};
  if (!account.key_id.empty()) header["kid"] = account.key_id;
  const json::object claims{{"iss", account.email},
                            {"scope", json::string_view(scope.data(), scope.size())},
                            {"aud", account.token_uri},
                            {"iat", now / kSecond},
                            {"exp", now / kSecond + kHour}};
  const std::string text =
      base64_url(json::serialize(header)) + "." + base64_url(json::serialize(claims));
  Result<std::string> signature = http::sign_rs256(account.private_key, text);
  if (!signature.has_value()) {
    return fail(ErrorCode::kInvalidArgument,
                fmt::format("{}: {}", kWhat, signature.error().message));
  }
  return text + "." + base64_url(*signature);
}

}  // namespace cordyna::google
