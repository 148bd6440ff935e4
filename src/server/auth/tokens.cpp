#include "server/auth/tokens.hpp"

#include <sodium.h>

#include <algorithm>
#include <array>

#include "base/check.hpp"

namespace cordyna::server {
namespace {

constexpr std::string_view kPrefix = "dyna_";
constexpr std::size_t kIdLetters = 12;
constexpr std::size_t kSecretLetters = 52;  // of 32: five bits each, so 260
constexpr std::string_view kAlphabet = "abcdefghijkmnpqrstuvwxyz23456789";

bool is_word(std::string_view text, std::size_t letters) {
  return text.size() == letters &&
         std::ranges::all_of(text, [](char c) { return kAlphabet.contains(c); });
}

}  // namespace

std::string random_word(std::size_t letters) {
  static_assert(kAlphabet.size() == 32);
  std::string bytes(letters, '\0');
  randombytes_buf(bytes.data(), bytes.size());
  for (char& c : bytes) c = kAlphabet[static_cast<unsigned char>(c) % kAlphabet.size()];
  return bytes;
}

TokenParts make_token() {
  return {random_word(kIdLetters), random_word(kSecretLetters)};
}

std::optional<TokenParts> parse_token(std::string_view text) {
  if (!text.starts_with(kPrefix)) return std::nullopt;
  text.remove_prefix(kPrefix.size());
  const std::size_t bar = text.find('_');
  if (bar == std::string_view::npos) return std::nullopt;
  const std::string_view id = text.substr(0, bar);
  const std::string_view secret = text.substr(bar + 1);
  if (!is_word(id, kIdLetters) || !is_word(secret, kSecretLetters)) return std::nullopt;
  return TokenParts{std::string(id), std::string(secret)};
}

std::string hash_of(std::string_view secret) {
  std::array<unsigned char, crypto_hash_sha256_BYTES> hash{};
  crypto_hash_sha256(hash.data(), reinterpret_cast<const unsigned char*>(secret.data()),
                     secret.size());
  std::array<char, 2 * crypto_hash_sha256_BYTES + 1> hex{};
  sodium_bin2hex(hex.data(), hex.size(), hash.data(), hash.size());
  return hex.data();
}

bool same_hash(std::string_view a, std::string_view b) {
  return a.size() == b.size() && sodium_memcmp(a.data(), b.data(), a.size()) == 0;
}

std::string hash_password(std::string_view password) {
  std::array<char, crypto_pwhash_STRBYTES> out{};
  const int done =
      crypto_pwhash_str(out.data(), password.data(), password.size(),
                        crypto_pwhash_OPSLIMIT_INTERACTIVE, crypto_pwhash_MEMLIMIT_INTERACTIVE);
  CHECK(done == 0);  // else there is no memory
  return out.data();
}

bool fits_password(std::string_view hash, std::string_view password) {
  const std::string text(hash);  // ends in a NUL
  return crypto_pwhash_str_verify(text.c_str(), password.data(), password.size()) == 0;
}

}  // namespace cordyna::server
