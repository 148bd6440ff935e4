#include "process/cache/digest.hpp"

#include <fmt/format.h>
#include <sodium.h>

#include <array>

namespace cordyna::cache {

struct Digest::State {
  crypto_hash_sha256_state sha256;
};

Digest::Digest() : state_(std::make_unique<State>()) {
  crypto_hash_sha256_init(&state_->sha256);
}

Digest::~Digest() = default;

void Digest::bytes(std::string_view bytes) {
  crypto_hash_sha256_update(&state_->sha256, reinterpret_cast<const unsigned char*>(bytes.data()),
                            bytes.size());
}

void Digest::field(std::string_view text) {
  bytes(fmt::format("{}:", text.size()));
  bytes(text);
}

std::string Digest::hex() {
  std::array<unsigned char, crypto_hash_sha256_BYTES> hash{};
  crypto_hash_sha256_final(&state_->sha256, hash.data());
  std::string out;
  for (const unsigned char byte : hash) out += fmt::format("{:02x}", byte);
  return out;
}

}  // namespace cordyna::cache
