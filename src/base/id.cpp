#include "base/id.hpp"

#include <sys/random.h>

#include "base/check.hpp"

namespace cordyna {
namespace {

constexpr bool is_dash(std::size_t position) {
  return position == 8 || position == 13 || position == 18 || position == 23;
}

}  // namespace

std::string make_uuid7(Millis now, const std::array<std::uint8_t, 10>& entropy) {
  std::array<std::uint8_t, 16> bytes{};
  for (std::size_t i = 0; i < 6; ++i) {
    bytes[i] = static_cast<std::uint8_t>(static_cast<std::uint64_t>(now) >> (40 - 8 * i));
  }
  for (std::size_t i = 0; i < 10; ++i) bytes[6 + i] = entropy[i];
  bytes[6] = static_cast<std::uint8_t>((bytes[6] & 0x0f) | 0x70);
  bytes[8] = static_cast<std::uint8_t>((bytes[8] & 0x3f) | 0x80);

  static constexpr char kHex[] = "0123456789abcdef";
  std::string text;
  text.reserve(36);
  for (const std::uint8_t byte : bytes) {
    if (is_dash(text.size())) text += '-';
    text += kHex[byte >> 4];
    text += kHex[byte & 15];
  }
  return text;
}

std::string make_uuid7(Millis now) {
  std::array<std::uint8_t, 10> entropy{};
  CHECK(getrandom(entropy.data(), entropy.size(), 0) == static_cast<ssize_t>(entropy.size()));
  return make_uuid7(now, entropy);
}

bool is_uuid(const std::string& text) {
  if (text.size() != 36) return false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    const bool hex = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
    if (is_dash(i) ? c != '-' : !hex) return false;
  }
  return true;
}

}  // namespace cordyna
