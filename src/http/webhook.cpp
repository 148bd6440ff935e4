#include "http/webhook.hpp"

#include <fmt/format.h>

#include <optional>
#include <utility>

#include "base/base64.hpp"
#include "http/digest.hpp"

namespace cordyna::http {

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
  set_header(request.headers, "webhook-id", id);
  set_header(request.headers, "webhook-timestamp", std::to_string(seconds));
  set_header(request.headers, "webhook-signature", "v1," + signature);
}

std::string message_id(std::string_view text) {
  std::string id = percent_encode(text, "/:@");
  for (std::size_t at = id.find('.'); at != std::string::npos; at = id.find('.', at)) {
    id.replace(at, 1, "%2E");
  }
  return id;
}

}  // namespace cordyna::http
