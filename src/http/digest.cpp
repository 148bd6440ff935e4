#include "http/digest.hpp"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <array>

#include "base/check.hpp"

namespace cordyna::http {
namespace {

const EVP_MD* method_of(DigestKind kind) {
  switch (kind) {
    case DigestKind::kMd5: return EVP_md5();
    case DigestKind::kSha256: return EVP_sha256();
    case DigestKind::kSha512: return EVP_sha512();
  }
  return nullptr;
}

std::string text_of(const unsigned char* bytes, std::size_t size) {
  return {reinterpret_cast<const char*>(bytes), size};
}

}  // namespace

struct Digest::State {
  EVP_MD_CTX* context = EVP_MD_CTX_new();
  bool works = false;  ///< MD5 may be forbidden on a machine with FIPS rules

  State() = default;
  State(const State&) = delete;
  State& operator=(const State&) = delete;
  ~State() { EVP_MD_CTX_free(context); }
};

Digest::Digest(DigestKind kind) : state_(std::make_unique<State>()) {
  CHECK(state_->context != nullptr);
  state_->works = EVP_DigestInit_ex(state_->context, method_of(kind), nullptr) == 1;
}

Digest::~Digest() = default;
Digest::Digest(Digest&& other) noexcept = default;
Digest& Digest::operator=(Digest&& other) noexcept = default;

void Digest::add(std::string_view bytes) {
  if (state_->works) EVP_DigestUpdate(state_->context, bytes.data(), bytes.size());
}

std::string Digest::finish() {
  std::array<unsigned char, EVP_MAX_MD_SIZE> out{};
  unsigned size = 0;
  if (!state_->works || EVP_DigestFinal_ex(state_->context, out.data(), &size) != 1) return {};
  return text_of(out.data(), size);
}

std::string sha256(std::string_view bytes) {
  Digest digest(DigestKind::kSha256);
  digest.add(bytes);
  return digest.finish();
}

std::string hmac_sha256(std::string_view key, std::string_view bytes) {
  std::array<unsigned char, EVP_MAX_MD_SIZE> out{};
  unsigned size = 0;
  const unsigned char* done =
      HMAC(EVP_sha256(), key.data(), static_cast<int>(key.size()),
           reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size(), out.data(), &size);
  CHECK(done != nullptr);
  return text_of(out.data(), size);
}

bool same_text(std::string_view a, std::string_view b) {
  // Of digests, so that lengths do not tell either.
  const std::string left = sha256(a);
  const std::string right = sha256(b);
  return left.size() == right.size() && CRYPTO_memcmp(left.data(), right.data(), left.size()) == 0;
}

std::string hex(std::string_view bytes) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::string out;
  for (const char c : bytes) {
    const auto byte = static_cast<unsigned char>(c);
    out += kDigits[byte >> 4U];
    out += kDigits[byte & 15U];
  }
  return out;
}

}  // namespace cordyna::http
