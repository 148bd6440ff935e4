/// How servers and attempts are called on the wire.
///
/// Pure. Threads: any.
#pragma once

#include <compare>
#include <optional>
#include <string>
#include <string_view>

#include "model/attempt.hpp"

namespace cordyna::network {

/// A task server; its team is a namespace.
struct ServerName {
  std::string team;
  std::string server;

  auto operator<=>(const ServerName&) const = default;
  [[nodiscard]] std::string text() const { return team + "/" + server; }
};

/// "orders/etl-1". Nullopt: it is none.
[[nodiscard]] std::optional<ServerName> parse_server(std::string_view text);
/// "urn:cordyna:ts:orders/etl-1". Nullopt: it is no task server's.
[[nodiscard]] std::optional<ServerName> parse_source(std::string_view source);
[[nodiscard]] std::string source_of(const ServerName& server);
inline constexpr std::string_view kCerebroSource = "urn:cordyna:cerebro";

/// "<run id>/<task path>/<number>": unique for ever.
[[nodiscard]] std::string attempt_name(const RunId& run, const AttemptKey& key);

}  // namespace cordyna::network
