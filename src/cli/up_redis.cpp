#include "cli/up_redis.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "base/text.hpp"

namespace cordyna::cli {
namespace {

constexpr std::size_t kPrefixMax = 64;

bool is_prefix(const std::string& text) {
  return !text.empty() && text.size() <= kPrefixMax && std::ranges::all_of(text, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' ||
           c == '_' || c == '-' || c == ':' || c == '{' || c == '}';
  });
}

}  // namespace

Result<> check_redis_prefix(const flow::ServerConfig& config) {
  if (is_prefix(config.redis_prefix)) return {};
  return fail(ErrorCode::kInvalidArgument,
              fmt::format("setting 'redis_prefix': '{}' must be 1 to {} letters, digits, and . _ - "
                          ": {{ }}",
                          printable(config.redis_prefix), kPrefixMax));
}

Result<server::StreamSettings> redis_settings(const flow::ServerConfig& config) {
  server::StreamSettings settings;
  auto target = redis::parse_target(config.redis);
  if (!target.has_value()) return fail("setting 'redis'", target.error());
  settings.target = *std::move(target);
  settings.target.ca_file = config.redis_ca_file;
  TRY(check_redis_prefix(config));
  settings.prefix = config.redis_prefix;
  const std::string& file = config.redis_ca_file;
  if (!file.empty() && ::access(file.c_str(), R_OK) != 0) {
    return fail(ErrorCode::kInvalidArgument, fmt::format("setting 'redis_ca_file': '{}': {}",
                                                         printable(file), std::strerror(errno)));
  }
  if (!config.redis_secret.empty()) TRY(check_secret_name(config.redis_secret));
  return settings;
}

Result<server::StreamSettings> redis_settings(const flow::ServerConfig& config,
                                              const Secrets& secrets) {
  TRY_ASSIGN(server::StreamSettings settings, redis_settings(config));
  if (config.redis_secret.empty()) return settings;
  auto password = secrets.find(config.redis_secret);
  if (!password.has_value()) return fail("setting 'redis_secret'", password.error());
  settings.target.password = *std::move(password);
  return settings;
}

}  // namespace cordyna::cli
