#include "server/http/websocket_upgrade.hpp"

#include <openssl/evp.h>

#include <algorithm>
#include <array>

#include "base/base64.hpp"
#include "base/check.hpp"
#include "server/http/header_values.hpp"

namespace cordyna::server {
namespace {

constexpr std::string_view kVersion = "13";
constexpr std::size_t kKeyBytes = 16;
/// Of RFC 6455, 1.3.
constexpr std::string_view kAcceptSalt = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";

/// Empty: there is none, or more than one.
std::string_view only_value(const HttpRequest& request, std::string_view name) {
  const std::vector<std::string_view> values = header_values(request.headers, name);
  return values.size() == 1 ? values.front() : std::string_view();
}

}  // namespace

UpgradeAsked upgrade_asked(const HttpRequest& request) {
  if (request.http10 || !has_member(request.headers, "Upgrade", "websocket")) {
    return UpgradeAsked::kNone;
  }
  // A body would stand where the first frames are awaited.
  if (request.method != "GET" || !request.body.empty() ||
      !has_member(request.headers, "Connection", "upgrade")) {
    return UpgradeAsked::kMalformed;
  }
  const std::string_view version = only_value(request, "Sec-WebSocket-Version");
  if (version.empty()) return UpgradeAsked::kMalformed;
  if (version != kVersion) return UpgradeAsked::kOtherVersion;
  const auto key = from_base64(only_value(request, "Sec-WebSocket-Key"));
  if (!key.has_value() || key->size() != kKeyBytes) return UpgradeAsked::kMalformed;
  return UpgradeAsked::kWebSocket;
}

bool offers_protocol(const HttpRequest& request, std::string_view protocol) {
  const auto offered = header_members(request.headers, "Sec-WebSocket-Protocol");
  return std::ranges::find(offered, protocol) != offered.end();
}

std::string websocket_accept(const HttpRequest& request) {
  if (!wants_websocket(request)) return {};
  std::string text(only_value(request, "Sec-WebSocket-Key"));
  text += kAcceptSalt;
  std::array<char, EVP_MAX_MD_SIZE> digest{};
  unsigned int size = 0;
  CHECK(EVP_Digest(text.data(), text.size(), reinterpret_cast<unsigned char*>(digest.data()), &size,
                   EVP_sha1(), nullptr) == 1);
  return base64({digest.data(), size});
}

}  // namespace cordyna::server
