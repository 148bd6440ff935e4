#include "server/hooks/signature.hpp"

#include <fmt/format.h>
#include <sodium.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <optional>

#include "base/words.hpp"

namespace cordyna::server {
namespace {

constexpr std::string_view kPrefix = "whsec_";
constexpr std::string_view kScheme = "v1,";
constexpr std::size_t kIdMax = 255;
constexpr std::size_t kSignaturesMax = 32;  // in one header

using Mac = std::array<unsigned char, crypto_auth_hmacsha256_BYTES>;

const unsigned char* bytes_of(std::string_view text) {
  return reinterpret_cast<const unsigned char*>(text.data());
}

std::optional<std::string> from_base64(std::string_view text) {
  std::string out(text.size(), '\0');
  std::size_t size = 0;
  const int done =
      sodium_base642bin(reinterpret_cast<unsigned char*>(out.data()), out.size(), text.data(),
                        text.size(), nullptr, &size, nullptr, sodium_base64_VARIANT_ORIGINAL);
  if (done != 0) return std::nullopt;
  out.resize(size);
  return out;
}

/// Empty: no key.
std::string key_of(std::string_view secret) {
  if (!secret.starts_with(kPrefix)) return std::string(secret);
  return from_base64(secret.substr(kPrefix.size())).value_or("");
}

Mac mac_of(std::string_view id, std::string_view timestamp, std::string_view body,
           std::string_view key) {
  crypto_auth_hmacsha256_state state;
  crypto_auth_hmacsha256_init(&state, bytes_of(key), key.size());
  for (const std::string_view part :
       {id, std::string_view("."), timestamp, std::string_view("."), body}) {
    crypto_auth_hmacsha256_update(&state, bytes_of(part), part.size());
  }
  Mac mac{};
  crypto_auth_hmacsha256_final(&state, mac.data());
  sodium_memzero(&state, sizeof state);
  return mac;
}

/// Null: it is not there, or not once.
const std::string* the_only(const http::Headers& headers, std::string_view name) {
  const std::string* found = nullptr;
  for (const http::Header& header : headers) {
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
      if (mac.has_value() && mac->size() == std::tuple_size_v<Mac>)
        found.push_back(std::move(*mac));
    }
    header.remove_prefix(end == std::string_view::npos ? header.size() : end + 1);
  }
  return found;
}

}  // namespace

Verdict check_signature(const http::Headers& headers, std::string_view body,
                        const std::vector<std::string>& secrets, Millis now, Millis tolerance) {
  const std::string* id = the_only(headers, kIdHeader);
  const std::string* at = the_only(headers, kTimestampHeader);
  const std::string* header = the_only(headers, kSignatureHeader);
  if (id == nullptr || at == nullptr || header == nullptr) return Verdict::kMissing;
  if (id->empty() || id->size() > kIdMax) return Verdict::kMissing;
  std::int64_t seconds = 0;
  const char* const end = at->data() + at->size();
  const auto [stop, error] = std::from_chars(at->data(), end, seconds);
  constexpr std::int64_t kLastSecond = 100'000'000'000;
  if (error != std::errc() || stop != end || seconds < 0 || seconds > kLastSecond) {
    return Verdict::kMissing;
  }
  const std::vector<std::string> signatures = signatures_in(*header);
  bool right = false;
  for (const std::string& secret : secrets) {
    std::string key = key_of(secret);
    if (!key.empty()) {
      const Mac mac = mac_of(*id, *at, body, key);
      for (const std::string& given : signatures) {
        // No early end: the time must not tell which secret it was.
        right = (sodium_memcmp(mac.data(), given.data(), mac.size()) == 0) || right;
      }
    }
    sodium_memzero(key.data(), key.size());
  }
  if (!right) return Verdict::kWrong;
  const Millis off = now > seconds * 1000 ? now - seconds * 1000 : seconds * 1000 - now;
  return off <= tolerance ? Verdict::kRight : Verdict::kTooOld;
}

std::string sign(std::string_view id, std::int64_t timestamp, std::string_view body,
                 std::string_view secret) {
  const Mac mac = mac_of(id, fmt::format("{}", timestamp), body, key_of(secret));
  constexpr std::size_t kLength =
      sodium_base64_ENCODED_LEN(crypto_auth_hmacsha256_BYTES, sodium_base64_VARIANT_ORIGINAL);
  std::array<char, kLength> text{};
  sodium_bin2base64(text.data(), text.size(), mac.data(), mac.size(),
                    sodium_base64_VARIANT_ORIGINAL);
  return std::string(kScheme) + text.data();
}

bool same_text(std::string_view a, std::string_view b) {
  Mac left{};
  Mac right{};
  crypto_hash_sha256(left.data(), bytes_of(a), a.size());
  crypto_hash_sha256(right.data(), bytes_of(b), b.size());
  return sodium_memcmp(left.data(), right.data(), left.size()) == 0;
}

}  // namespace cordyna::server
