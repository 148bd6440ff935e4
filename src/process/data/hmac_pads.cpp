#include "process/data/hmac_pads.hpp"

#include <fmt/format.h>
#include <sodium.h>

#include <algorithm>
#include <array>

namespace cordyna::data {
namespace {

constexpr std::size_t kBlockBytes = 64;

}  // namespace

HmacPads hmac_pads(std::string_view key) {
  std::array<unsigned char, kBlockBytes> block{};
  if (key.size() > kBlockBytes) {
    crypto_hash_sha256(block.data(), reinterpret_cast<const unsigned char*>(key.data()),
                       key.size());
  } else {
    std::ranges::copy(key, block.begin());
  }
  HmacPads pads;
  constexpr unsigned kInner = 0x36;
  constexpr unsigned kOuter = 0x5c;
  for (const unsigned char byte : block) {
    pads.inner += fmt::format("{:02x}", byte ^ kInner);
    pads.outer += fmt::format("{:02x}", byte ^ kOuter);
  }
  sodium_memzero(block.data(), block.size());
  return pads;
}

}  // namespace cordyna::data
