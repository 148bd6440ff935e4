#include "network/names.hpp"

#include <fmt/format.h>

#include "base/words.hpp"

namespace cordyna::network {
namespace {

constexpr std::string_view kSourcePrefix = "urn:cordyna:ts:";

}  // namespace

std::optional<ServerName> parse_server(std::string_view text) {
  const std::size_t slash = text.find('/');
  if (slash == std::string_view::npos) return std::nullopt;
  ServerName name{std::string(text.substr(0, slash)), std::string(text.substr(slash + 1))};
  if (!is_id(name.team) || !is_id(name.server)) return std::nullopt;
  return name;
}

std::optional<ServerName> parse_source(std::string_view source) {
  if (!source.starts_with(kSourcePrefix)) return std::nullopt;
  return parse_server(source.substr(kSourcePrefix.size()));
}

std::string source_of(const ServerName& server) {
  return std::string(kSourcePrefix) + server.text();
}

std::string attempt_name(const RunId& run, const AttemptKey& key) {
  return fmt::format("{}/{}/{}", run.value, key.path, key.attempt);
}

}  // namespace cordyna::network
