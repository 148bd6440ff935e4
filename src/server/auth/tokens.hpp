/// Tokens: made, taken apart, compared.
///
/// "dyna_<id>_<secret>": the id is found by, the secret has 256 bits by chance and is kept as its
/// SHA-256 only. Threads: any.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace cordyna::server {

struct TokenParts {
  std::string id;
  std::string secret;

  [[nodiscard]] std::string text() const { return "dyna_" + id + "_" + secret; }
};

[[nodiscard]] TokenParts make_token();
[[nodiscard]] std::optional<TokenParts> parse_token(std::string_view text);
/// SHA-256 in hexadecimal digits.
[[nodiscard]] std::string hash_of(std::string_view secret);
/// In a time that does not tell where they differ.
[[nodiscard]] bool same_hash(std::string_view a, std::string_view b);
/// Bytes by chance, as letters and digits.
[[nodiscard]] std::string random_word(std::size_t letters);

/// argon2id with libsodium's bounds for interactive use: about 0.2 s and 64 MiB.
[[nodiscard]] std::string hash_password(std::string_view password);
[[nodiscard]] bool fits_password(std::string_view hash, std::string_view password);

}  // namespace cordyna::server
