#include "http/reach.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <optional>

namespace cordyna::http {
namespace {

using Bytes = std::array<std::uint8_t, 16>;

struct Range4 {
  std::uint32_t first;
  int bits;
};

/// IANA's registry of special addresses, with those of many listeners and those that are reserved.
constexpr auto kInner4 = std::to_array<Range4>({
    {0x00000000, 8},   // this network
    {0x0a000000, 8},   // private
    {0x64400000, 10},  // behind a carrier's NAT
    {0x7f000000, 8},   // this machine
    {0xa9fe0000, 16},  // link-local
    {0xac100000, 12},  // private
    {0xc0000000, 24},  // of protocols
    {0xc0000200, 24},  // documentation
    {0xc0a80000, 16},  // private
    {0xc6120000, 15},  // benchmarks
    {0xc6336400, 24},  // documentation
    {0xcb007100, 24},  // documentation
    {0xe0000000, 3},   // many listeners, reserved, everybody here
});

bool is_in(std::uint32_t address, const Range4& range) {
  return ((address ^ range.first) >> (32 - range.bits)) == 0;
}

bool begins(const Bytes& bytes, std::initializer_list<std::uint8_t> with) {
  return std::equal(with.begin(), with.end(), bytes.begin());
}

std::uint32_t number_at(const Bytes& bytes, std::size_t at) {
  std::uint32_t number = 0;
  std::memcpy(&number, bytes.data() + at, sizeof number);
  return ntohl(number);
}

std::optional<Bytes> v6_of(const sockaddr& address) {
  if (address.sa_family != AF_INET6) return std::nullopt;
  sockaddr_in6 v6{};
  std::memcpy(&v6, &address, sizeof v6);
  Bytes bytes{};
  std::memcpy(bytes.data(), &v6.sin6_addr, bytes.size());
  return bytes;
}

/// Also of IPv4 that is written within IPv6.
std::optional<std::uint32_t> v4_of(const sockaddr& address) {
  if (address.sa_family == AF_INET) {
    sockaddr_in v4{};
    std::memcpy(&v4, &address, sizeof v4);
    return ntohl(v4.sin_addr.s_addr);
  }
  const std::optional<Bytes> bytes = v6_of(address);
  if (!bytes.has_value()) return std::nullopt;
  const bool mapped = begins(*bytes, {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff});
  const bool translated = begins(*bytes, {0, 0x64, 0xff, 0x9b, 0, 0, 0, 0, 0, 0, 0, 0});
  if (mapped || translated) return number_at(*bytes, 12);
  if (begins(*bytes, {0x20, 0x02})) return number_at(*bytes, 2);
  return std::nullopt;
}

}  // namespace

bool is_public(const sockaddr& address) {
  if (const auto v4 = v4_of(address); v4.has_value()) {
    return std::ranges::none_of(kInner4, [&](const Range4& range) { return is_in(*v4, range); });
  }
  const std::optional<Bytes> bytes = v6_of(address);
  if (!bytes.has_value()) return false;
  // Of IPv6 only 2000::/3 is given to anybody; in it are protocols and documentation.
  if (((*bytes)[0] & 0xe0U) != 0x20U) return false;
  const bool protocol = begins(*bytes, {0x20, 0x01}) && (*bytes)[2] < 2;
  return !protocol && !begins(*bytes, {0x20, 0x01, 0x0d, 0xb8}) && !begins(*bytes, {0x3f, 0xff});
}

bool is_link_local(const sockaddr& address) {
  if (const auto v4 = v4_of(address); v4.has_value()) return is_in(*v4, {0xa9fe0000, 16});
  const std::optional<Bytes> bytes = v6_of(address);
  if (!bytes.has_value()) return false;
  if ((*bytes)[0] == 0xfe && ((*bytes)[1] & 0xc0U) == 0x80) return true;
  return begins(*bytes, {0xfd, 0x00, 0x0e, 0xc2});  // Amazon's, where IPv6 is all there is
}

bool allows(Reach reach, const sockaddr& address) {
  switch (reach) {
    case Reach::kAnywhere: return true;
    case Reach::kNoLinkLocal: return !is_link_local(address);
    case Reach::kPublic: return is_public(address);
  }
  return false;
}

}  // namespace cordyna::http
