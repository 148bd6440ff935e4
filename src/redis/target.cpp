#include <fmt/format.h>

#include <charconv>

#include "redis/connection.hpp"

namespace cordyna::redis {
namespace {

template <class Number>
bool read_number(std::string_view text, Number& number) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  return error == std::errc() && end == text.data() + text.size();
}

bool read_target(std::string_view text, Target& target) {
  target.tls = text.starts_with("rediss://");
  if (!target.tls && !text.starts_with("redis://")) return false;
  text.remove_prefix(target.tls ? 9 : 8);
  if (const std::size_t slash = text.find('/'); slash != std::string_view::npos) {
    const std::string_view database = text.substr(slash + 1);
    if (!database.empty() && !read_number(database, target.database)) return false;
    text = text.substr(0, slash);
  }
  if (const std::size_t at = text.rfind('@'); at != std::string_view::npos) {
    target.user = text.substr(0, at);
    if (target.user.empty() || target.user.contains(':')) return false;
    text.remove_prefix(at + 1);
  }
  const std::size_t colon = text.ends_with(']') ? std::string_view::npos : text.rfind(':');
  if (colon != std::string_view::npos) {
    if (!read_number(text.substr(colon + 1), target.port) || target.port == 0) return false;
    text = text.substr(0, colon);
  }
  if (text.starts_with('[') && text.ends_with(']')) text = text.substr(1, text.size() - 2);
  target.host = text;
  return !text.empty();
}

}  // namespace

Result<Target> parse_target(std::string_view text) {
  Target target;
  if (read_target(text, target)) return target;
  return fail(ErrorCode::kInvalidArgument,
              "the address of a Redis is redis://USER@HOST:PORT/DATABASE, with rediss:// for TLS; "
              "user, port and database may be missing, and the password does not stand there");
}

std::string Target::text() const {
  if (host.starts_with('/')) return host;
  return fmt::format("{}:{}", host.contains(':') ? "[" + host + "]" : host, port);
}

}  // namespace cordyna::redis
