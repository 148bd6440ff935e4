#include "google/caller.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <boost/json.hpp>
#include <chrono>

namespace cordyna::google {
namespace {

namespace json = boost::json;

constexpr std::size_t kAnswerMax = std::size_t{64} << 20;
constexpr Millis kTokenReserve = 120'000;  // a token that ends while a chunk is sent is no use

std::string text_field(const json::object& object, std::string_view name) {
  const json::value* value = object.if_contains(json::string_view(name.data(), name.size()));
  return value != nullptr && value->is_string() ? std::string(value->get_string()) : std::string();
}

/// "rateLimitExceeded" of error.errors[0].reason.
std::string reason_of(const json::object& error) {
  const json::value* list = error.if_contains("errors");
  if (list == nullptr || !list->is_array() || list->get_array().empty()) return {};
  const json::object* first = list->get_array().front().if_object();
  return first == nullptr ? std::string() : text_field(*first, "reason");
}

std::string one_line(std::string text) {
  constexpr std::size_t kMax = 300;
  if (text.size() > kMax) {
    std::size_t end = kMax;
    while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0U) == 0x80U) --end;
    text = text.substr(0, end) + "…";
  }
  std::ranges::replace_if(text, [](char c) { return (c >= 0 && c < 0x20) || c == 0x7f; }, ' ');
  return text;
}

}  // namespace

Millis wall_now() {
  return std::chrono::duration_cast<std::chrono::milliseconds>(
             std::chrono::system_clock::now().time_since_epoch())
      .count();
}

Error google_error(const http::Response& response, std::string_view what) {
  boost::system::error_code failed;
  const json::value value = json::parse(response.body, failed);
  const json::value* found =
      !failed.failed() && value.is_object() ? value.get_object().if_contains("error") : nullptr;
  Error error = http::status_error(response, what);
  if (response.status == 409) error.code = ErrorCode::kConflict;
  if (response.status == 412) error.code = ErrorCode::kUntrusted;
  if (found == nullptr || !found->is_object()) return error;
  const std::string reason = reason_of(found->get_object());
  error.message = fmt::format("{}: the server answered {} ({}{})", what, response.status,
                              reason.empty() ? "" : reason + ": ",
                              one_line(text_field(found->get_object(), "message")));
  constexpr std::array kPassing{std::string_view("rateLimitExceeded"),
                                std::string_view("userRateLimitExceeded"),
                                std::string_view("backendError")};
  if (std::ranges::find(kPassing, reason) != kPassing.end()) error.code = ErrorCode::kUnavailable;
  return error;
}

Caller::Caller(std::optional<ServiceAccount> account, std::string scope, http::TryOptions tries)
    : account_(std::move(account)), scope_(std::move(scope)), tries_(std::move(tries)) {
  tries_.client.reach = http::Reach::kNoLinkLocal;
  tries_.client.answer_bytes_max = kAnswerMax;
}

Result<> Caller::fetch_token() {
  http::Request request;
  request.method = "POST";
  TRY_ASSIGN(request.url, http::parse_url(account_->token_uri));
  const std::string what = "a token from " + request.url.shown();
  request.headers = {{"Content-Type", "application/x-www-form-urlencoded"}};
  http::Tries tries(tries_, what);
  while (true) {
    const Millis now = wall_now();
    TRY_ASSIGN(const std::string assertion, make_assertion(*account_, scope_, now));
    request.body =
        "grant_type=" + http::percent_encode("urn:ietf:params:oauth:grant-type:jwt-bearer") +
        "&assertion=" + assertion;
    const Result<http::Response> response = http::exchange(request, tries_.client, nullptr);
    if (response.has_value() && response->is_ok()) {
      boost::system::error_code failed;
      const json::value value = json::parse(response->body, failed);
      if (!failed.failed() && value.is_object()) {
        token_ = text_field(value.get_object(), "access_token");
        const json::value* seconds = value.get_object().if_contains("expires_in");
        const std::int64_t lasts =
            seconds != nullptr && seconds->is_int64() ? seconds->get_int64() : 0;
        token_end_ = now + std::clamp<std::int64_t>(lasts, 0, 86'400) * 1000;
      }
      const bool good = !token_.empty() && token_.find_first_of("\r\n") == std::string::npos;
      if (good) return {};
      token_.clear();
      return fail(ErrorCode::kUnavailable, what + ": the answer holds none");
    }
    Error error = response.has_value()
                      ? http::status_error(*response, what)
                      : Error{response.error().code, what + ": " + response.error().message};
    // 400 invalid_grant: the account is gone, its key is, or the clock is wrong.
    if (response.has_value() && response->status == 400) error.code = ErrorCode::kDenied;
    TRY(tries.next(std::move(error),
                   response.has_value() ? http::retry_after(*response, now) : -1));
  }
}

Result<> Caller::authorize(http::Request& request) {
  if (!account_.has_value()) return {};
  if (token_.empty() || wall_now() + kTokenReserve > token_end_) TRY(fetch_token());
  http::set_header(request.headers, "Authorization", "Bearer " + token_);
  return {};
}

Result<http::Response> Caller::call_once(http::Request request, const std::string& what) {
  TRY(authorize(request));
  Result<http::Response> response = http::exchange(request, tries_.client, nullptr);
  if (response.has_value()) return response;
  return fail(response.error().code, what + ": " + response.error().message);
}

void Caller::call_in_passing(http::Request request) const {
  if (!token_.empty()) {
    http::set_header(request.headers, "Authorization", "Bearer " + token_);
  }
  http::ClientOptions client = tries_.client;
  client.waits.cancel_fd = -1;
  client.waits.connect = std::min<Millis>(client.waits.connect, 5000);
  client.waits.idle = std::min<Millis>(client.waits.idle, 5000);
  const Result<http::Response> ignored = http::exchange(request, client, nullptr);
  static_cast<void>(ignored);
}

Result<http::Response> Caller::call(const http::Request& request, const std::string& what,
                                    int also) {
  http::Tries tries(tries_, what);
  bool renewed = false;
  while (true) {
    Result<http::Response> response = call_once(request, what);
    if (response.has_value() && (response->is_ok() || response->status == also)) return response;
    if (response.has_value() && response->status == 401 && account_.has_value() && !renewed) {
      renewed = true;  // it may have been withdrawn before its time
      token_.clear();
      continue;
    }
    Error error = response.has_value() ? google_error(*response, what) : response.error();
    TRY(tries.next(std::move(error),
                   response.has_value() ? http::retry_after(*response, wall_now()) : -1));
  }
}

}  // namespace cordyna::google
