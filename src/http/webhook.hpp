/// How one who sends webhooks shows who he is, and which of them this is; and how that is checked.
///
/// Source: Standard Webhooks 1.0 (standardwebhooks.com): HMAC-SHA256 over "id.timestamp.body", the
/// body as it came. Pure. Threads: any.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/time.hpp"
#include "http/message.hpp"

namespace cordyna::http {

inline constexpr std::string_view kWebhookId = "webhook-id";
inline constexpr std::string_view kWebhookTimestamp = "webhook-timestamp";
inline constexpr std::string_view kWebhookSignature = "webhook-signature";

/// The key in a secret: behind "whsec_" it is Base64; else the bytes themselves. Errors:
/// kInvalidArgument: no Base64, or empty; the secret is not quoted.
[[nodiscard]] Result<std::string> webhook_key(std::string_view secret);

/// Sets webhook-id, webhook-timestamp and webhook-signature of the request and its body. `seconds`
/// since 1970; the id without a dot.
void sign_webhook(Request& request, const std::string& id, std::int64_t seconds,
                  std::string_view key);

enum class WebhookVerdict : std::uint8_t {
  kRight,
  kMissing,  ///< a header is missing, comes twice, or is malformed
  kWrong,    ///< no secret gives one of the signatures
  kTooOld,   ///< signed, but its time is further off than the tolerance
};

/// `secrets`: as `webhook_key` takes them; what it refuses never fits. Comparisons take the same
/// time wherever they differ.
[[nodiscard]] WebhookVerdict check_webhook(const Headers& headers, std::string_view body,
                                           const std::vector<std::string>& secrets, Millis now,
                                           Millis tolerance);

/// Whether a header, its name in small letters, says who one is, or how the bytes came, and so is
/// no part of an event.
[[nodiscard]] bool is_left_out(std::string_view name);

/// Names a message in a header, the same for each repeat: `text` with all that may not stand there,
/// and dots, which part what is signed, as %XX.
[[nodiscard]] std::string message_id(std::string_view text);

}  // namespace cordyna::http
