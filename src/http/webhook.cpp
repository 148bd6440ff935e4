#include "http/webhook.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <optional>
#include <utility>

#include "base/base64.hpp"
#include "base/wipe.hpp"
#include "base/words.hpp"
#include "http/digest.hpp"

namespace cordyna::http {
namespace {

constexpr std::array<std::string_view, 12> kLeftOut{
    "authorization",   "proxy-authorization", "cookie", "webhook-signature",
    "connection",      "content-length",      "host",   "transfer-encoding",
    "accept-encoding", "keep-alive",          "te",     "expect"};
constexpr std::string_view kScheme = "v1,";
constexpr std::size_t kIdMax = 255;
constexpr std::size_t kSignaturesMax = 32;  // in one header
constexpr std::size_t kMacBytes = 32;

/// Null: it is not there, or not once.
const std::string* the_only(const Headers& headers, std::string_view name) {
  const std::string* found = nullptr;
  for (const Header& header : headers) {
    if (ascii_lower(header.name) != name) continue;
    if (found != nullptr) return nullptr;
    found = &header.value;
  }
  return found;
}

/// Those of the scheme that we know; others are for others.
std::vector<std::string> signatures_in(std::string_view header) {
  std::vector<std::string> found;
  while (!header.empty() && found.size() < kSignaturesMax) {
    const std::size_t end = header.find(' ');
    const std::string_view one = header.substr(0, end);
    if (one.starts_with(kScheme)) {
      auto mac = from_base64(one.substr(kScheme.size()));
      if (mac.has_value() && mac->size() == kMacBytes) found.push_back(std::move(*mac));
    }
    header.remove_prefix(end == std::string_view::npos ? header.size() : end + 1);
  }
  return found;
}

std::optional<std::int64_t> seconds_in(const std::string& text) {
  constexpr std::int64_t kLastSecond = 100'000'000'000;
  std::int64_t seconds = 0;
  const char* const end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, seconds);
  if (error != std::errc() || stop != end || seconds < 0 || seconds > kLastSecond) return {};
  return seconds;
}

}  // namespace

Result<std::string> webhook_key(std::string_view secret) {
  constexpr std::string_view kPrefix = "whsec_";
  std::optional<std::string> key(secret);
  if (secret.starts_with(kPrefix)) key = from_base64(secret.substr(kPrefix.size()));
  if (key.has_value() && !key->empty()) return *std::move(key);
  return fail(ErrorCode::kInvalidArgument,
              "the secret of the signature is empty, or no Base64 behind whsec_");
}

void sign_webhook(Request& request, const std::string& id, std::int64_t seconds,
                  std::string_view key) {
  const std::string signature =
      base64(hmac_sha256(key, fmt::format("{}.{}.{}", id, seconds, request.body)));
  set_header(request.headers, kWebhookId, id);
  set_header(request.headers, kWebhookTimestamp, std::to_string(seconds));
  set_header(request.headers, kWebhookSignature, std::string(kScheme) + signature);
}

WebhookVerdict check_webhook(const Headers& headers, std::string_view body,
                             const std::vector<std::string>& secrets, Millis now,
                             Millis tolerance) {
  const std::string* id = the_only(headers, kWebhookId);
  const std::string* at = the_only(headers, kWebhookTimestamp);
  const std::string* header = the_only(headers, kWebhookSignature);
  if (id == nullptr || at == nullptr || header == nullptr) return WebhookVerdict::kMissing;
  if (id->empty() || id->size() > kIdMax) return WebhookVerdict::kMissing;
  const auto seconds = seconds_in(*at);
  if (!seconds.has_value()) return WebhookVerdict::kMissing;
  const std::vector<std::string> signatures = signatures_in(*header);
  const std::string is_signed = fmt::format("{}.{}.{}", *id, *at, body);
  bool right = false;
  for (const std::string& secret : secrets) {
    auto key = webhook_key(secret);
    if (!key.has_value()) continue;
    const std::string mac = hmac_sha256(*key, is_signed);
    wipe_secret(*key);
    // No early end: the time must not tell which secret it was.
    for (const std::string& given : signatures) right = same_text(mac, given) || right;
  }
  if (!right) return WebhookVerdict::kWrong;
  const Millis off = now > *seconds * 1000 ? now - *seconds * 1000 : *seconds * 1000 - now;
  return off <= tolerance ? WebhookVerdict::kRight : WebhookVerdict::kTooOld;
}

bool is_left_out(std::string_view name) {
  return std::ranges::find(kLeftOut, name) != kLeftOut.end();
}

std::string message_id(std::string_view text) {
  std::string id = percent_encode(text, "/:@");
  for (std::size_t at = id.find('.'); at != std::string::npos; at = id.find('.', at)) {
    id.replace(at, 1, "%2E");
  }
  return id;
}

}  // namespace cordyna::http
