/// Whether a webhook was sent by somebody who knows the secret.
///
/// Source: Standard Webhooks 1.0 (standardwebhooks.com): HMAC-SHA256 over "id.timestamp.body", the
/// body as it came. Comparisons take the same time wherever they differ. Pure. Threads: any.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/time.hpp"
#include "http/message.hpp"

namespace cordyna::server {

inline constexpr std::string_view kIdHeader = "webhook-id";
inline constexpr std::string_view kTimestampHeader = "webhook-timestamp";
inline constexpr std::string_view kSignatureHeader = "webhook-signature";

enum class Verdict : std::uint8_t {
  kRight,
  kMissing,  ///< a header is missing, comes twice, or is malformed
  kWrong,    ///< no secret gives one of the signatures
  kTooOld,   ///< signed, but its time is further off than the tolerance
};

/// `secrets`: values; "whsec_" and base64, else the bytes of the key themselves. An empty one, or
/// one that is not what it begins as, never fits.
[[nodiscard]] Verdict check_signature(const http::Headers& headers, std::string_view body,
                                      const std::vector<std::string>& secrets, Millis now,
                                      Millis tolerance);

/// "v1,…" of these: for tests, and for who sends.
[[nodiscard]] std::string sign(std::string_view id, std::int64_t timestamp, std::string_view body,
                               std::string_view secret);

/// In a time that does not tell where they differ.
[[nodiscard]] bool same_text(std::string_view a, std::string_view b);

}  // namespace cordyna::server
