#include "server/api/idempotency.hpp"

#include <fmt/format.h>

#include <array>
#include <string>

#include "server/auth/tokens.hpp"

namespace cordyna::server {
namespace {

constexpr std::string_view kKeyHeader = "Idempotency-Key";
constexpr std::size_t kKeyMax = 255;

}  // namespace

std::optional<KeyedId> id_for(Call& call, Millis now) {
  const std::string* key = http::find_header(call.request.headers, kKeyHeader);
  if (key == nullptr) return KeyedId{RunId{make_uuid7(now)}, false};
  if (key->empty() || key->size() > kKeyMax) {
    call.refuse(problem("bad_request",
                        fmt::format("{} must have 1 to {} characters", kKeyHeader, kKeyMax)));
    return std::nullopt;
  }
  const std::string digest =
      hash_of(fmt::format("{}\n{}\n{}", call.caller.actor, call.route->id, *key));
  std::array<std::uint8_t, 10> bytes{};
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    bytes[i] = static_cast<std::uint8_t>(std::stoi(digest.substr(2 * i, 2), nullptr, 16));
  }
  return KeyedId{RunId{make_uuid7(0, bytes)}, true};
}

}  // namespace cordyna::server
