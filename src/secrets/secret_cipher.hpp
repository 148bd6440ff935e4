/// How a secret is encrypted: XChaCha20-Poly1305 of libsodium, with a nonce by chance for each.
///
/// Threads: any.
#pragma once

#include <array>
#include <optional>
#include <string>
#include <string_view>

namespace cordyna {

/// 32 bytes, overwritten at the end of each copy.
class SecretKey {
 public:
  static constexpr std::size_t kBytes = 32;

  SecretKey(const SecretKey&) = delete;
  SecretKey& operator=(const SecretKey&) = delete;
  SecretKey& operator=(SecretKey&&) = delete;
  SecretKey(SecretKey&& other) noexcept : bytes_(other.bytes_) {}
  ~SecretKey();

  /// By chance.
  [[nodiscard]] static SecretKey make();
  /// From base64 (both alphabets, with or without =) or hexadecimal; space around it does not
  /// count. Nullopt: it is not 32 bytes.
  [[nodiscard]] static std::optional<SecretKey> parse(std::string_view text);
  /// Base64, as `parse` takes it.
  [[nodiscard]] std::string text() const;
  [[nodiscard]] const unsigned char* data() const { return bytes_.data(); }

 private:
  SecretKey() = default;

  std::array<unsigned char, kBytes> bytes_{};
};

/// `value` as one word of base64 that tells nothing but its length, in steps of 64 bytes. It opens
/// with the same key and the same context only.
[[nodiscard]] std::string seal(const SecretKey& key, std::string_view context,
                               std::string_view value);

/// Nullopt: another key, another context, or damaged.
[[nodiscard]] std::optional<std::string> unseal(const SecretKey& key, std::string_view context,
                                                std::string_view sealed);

}  // namespace cordyna
