// The only file here that knows libsodium.
#include "secrets/secret_cipher.hpp"

#include <sodium.h>

#include "base/check.hpp"
#include "base/wipe.hpp"
#include "secrets/private_file.hpp"

namespace cordyna {
namespace {

constexpr std::size_t kNonce = crypto_aead_xchacha20poly1305_ietf_NPUBBYTES;
constexpr std::size_t kTag = crypto_aead_xchacha20poly1305_ietf_ABYTES;
constexpr std::size_t kPadTo = 64;
static_assert(SecretKey::kBytes == crypto_aead_xchacha20poly1305_ietf_KEYBYTES);

unsigned char* bytes(std::string& text) {
  return reinterpret_cast<unsigned char*>(text.data());
}
const unsigned char* bytes(std::string_view text) {
  return reinterpret_cast<const unsigned char*>(text.data());
}

/// Needed before anything is drawn by chance; a repeat costs nothing.
void start_sodium() {
  CHECK(sodium_init() >= 0);
}

std::string to_base64(const unsigned char* data, std::size_t size) {
  std::string text(sodium_base64_encoded_len(size, sodium_base64_VARIANT_ORIGINAL), '\0');
  sodium_bin2base64(text.data(), text.size(), data, size, sodium_base64_VARIANT_ORIGINAL);
  text.pop_back();  // its NUL
  return text;
}

std::optional<std::string> from_base64(std::string_view text) {
  std::string out(text.size() / 4 * 3 + 3, '\0');
  std::size_t size = 0;
  if (sodium_base642bin(bytes(out), out.size(), text.data(), text.size(), nullptr, &size, nullptr,
                        sodium_base64_VARIANT_ORIGINAL) != 0) {
    return std::nullopt;
  }
  out.resize(size);
  return out;
}

}  // namespace

SecretKey::~SecretKey() {
  sodium_memzero(bytes_.data(), bytes_.size());
}

SecretKey SecretKey::make() {
  start_sodium();
  SecretKey key;
  randombytes_buf(key.bytes_.data(), kBytes);
  return key;
}

std::optional<SecretKey> SecretKey::parse(std::string_view text) {
  constexpr std::string_view kSpace = " \t\r\n";
  const std::size_t begin = text.find_first_not_of(kSpace);
  if (begin == std::string_view::npos) return std::nullopt;
  text = text.substr(begin, text.find_last_not_of(kSpace) - begin + 1);
  SecretKey key;
  std::size_t size = 0;
  if (text.size() == 2 * kBytes) {
    const bool good = sodium_hex2bin(key.bytes_.data(), kBytes, text.data(), text.size(), nullptr,
                                     &size, nullptr) == 0;
    return good && size == kBytes ? std::optional(std::move(key)) : std::nullopt;
  }
  for (const int variant :
       {sodium_base64_VARIANT_ORIGINAL, sodium_base64_VARIANT_ORIGINAL_NO_PADDING,
        sodium_base64_VARIANT_URLSAFE, sodium_base64_VARIANT_URLSAFE_NO_PADDING}) {
    if (sodium_base642bin(key.bytes_.data(), kBytes, text.data(), text.size(), nullptr, &size,
                          nullptr, variant) == 0 &&
        size == kBytes) {
      return std::optional(std::move(key));
    }
  }
  return std::nullopt;
}

std::string SecretKey::text() const {
  return to_base64(bytes_.data(), kBytes);
}

std::string seal(const SecretKey& key, std::string_view context, std::string_view value) {
  start_sodium();
  std::string plain(value.size() / kPadTo * kPadTo + kPadTo, '\0');
  value.copy(plain.data(), value.size());
  std::size_t padded = 0;
  CHECK(sodium_pad(&padded, bytes(plain), value.size(), kPadTo, plain.size()) == 0);
  std::string out(kNonce + padded + kTag, '\0');
  randombytes_buf(out.data(), kNonce);
  CHECK(crypto_aead_xchacha20poly1305_ietf_encrypt(
            bytes(out) + kNonce, nullptr, bytes(std::string_view(plain)), padded, bytes(context),
            context.size(), nullptr, bytes(out), key.data()) == 0);
  wipe_secret(plain);
  return to_base64(bytes(std::string_view(out)), out.size());
}

std::optional<std::string> unseal(const SecretKey& key, std::string_view context,
                                  std::string_view sealed) {
  const std::optional<std::string> all = from_base64(sealed);
  if (!all.has_value() || all->size() < kNonce + kTag) return std::nullopt;
  const unsigned char* const nonce = bytes(std::string_view(*all));
  std::string plain(all->size() - kNonce - kTag, '\0');
  if (crypto_aead_xchacha20poly1305_ietf_decrypt(bytes(plain), nullptr, nullptr, nonce + kNonce,
                                                 all->size() - kNonce, bytes(context),
                                                 context.size(), nonce, key.data()) != 0) {
    return std::nullopt;
  }
  std::size_t size = 0;
  if (sodium_unpad(&size, bytes(plain), plain.size(), kPadTo) != 0) {
    wipe_secret(plain);
    return std::nullopt;
  }
  plain.resize(size);
  return plain;
}

}  // namespace cordyna
