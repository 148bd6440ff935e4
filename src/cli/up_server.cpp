#include "cli/up_server.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <string>
#include <utility>
#include <vector>

#include "base/text.hpp"
#include "cli/up_redis.hpp"
#include "server/http/listen.hpp"

namespace cordyna::cli {
namespace {

Result<server::ServerSettings> settings_of(const flow::ServerConfig& config) {
  server::ServerSettings settings;
  auto http = server::parse_listen(config.listen);
  if (!http.has_value()) {
    return fail(
        ErrorCode::kInvalidArgument,
        fmt::format("--listen '{}': {}, or 'off'", printable(config.listen), http.error().message));
  }
  settings.http = *std::move(http);
  settings.http.certificate = config.tls_cert;
  settings.http.key = config.tls_key;
  settings.insecure_plaintext = config.insecure_plaintext;
  settings.public_url = config.public_url;
  settings.cors = config.cors;
  const flow::ServerLimits& limits = config.limits;
  settings.http.limits.body_bytes = limits.body;
  settings.http.limits.head_bytes = limits.head;
  settings.http.limits.headers = limits.headers;
  settings.http.limits.connections = limits.connections;
  settings.http.limits.head_wait = limits.head_wait;
  settings.http.limits.body_wait = limits.body_wait;
  settings.http.limits.idle_wait = limits.idle_wait;
  settings.http.limits.write_wait = limits.write_wait;
  settings.streams = limits.streams;
  settings.sessions = limits.sessions;
  settings.requests_per_second = limits.requests;
  settings.runs_per_day = limits.runs;
  settings.failures_per_second = limits.failures;
  return settings;
}

}  // namespace

Result<> check_server(const flow::ServerConfig& config) {
  if (!config.redis.empty()) TRY(redis_settings(config));
  if (config.listen == "off") return {};
  TRY_ASSIGN(const server::ServerSettings settings, settings_of(config));
  TRY(server::check(settings));
  for (const std::string& folder : config.files) {
    std::error_code error;
    if (std::filesystem::is_directory(folder, error)) continue;
    return fail(ErrorCode::kInvalidArgument,
                fmt::format("setting 'files': '{}' is no folder", printable(folder)));
  }
  for (const std::string& file : {config.tls_cert, config.tls_key}) {
    if (file.empty() || ::access(file.c_str(), R_OK) == 0) continue;
    return fail(ErrorCode::kInvalidArgument,
                fmt::format("'{}' cannot be read: {}", printable(file), std::strerror(errno)));
  }
  return {};
}

flow::FileBounds file_bounds(const flow::ServerConfig& config, const StateLayout& layout) {
  std::error_code error;
  return {config.files, std::filesystem::absolute(layout.folder(), error).string()};
}

Result<std::unique_ptr<server::Server>> start_server(
    const CommandContext& context, const flow::ServerConfig& config, const StateLayout& layout,
    Ownership& ownership, FlowCache& flows, engine::Limits limits, const input::InputHost& inputs,
    alert::AlertHost& alerts, GitFollows& git) {
  if (config.listen == "off") return std::unique_ptr<server::Server>();
  TRY_ASSIGN(server::ServerSettings settings, settings_of(config));
  settings.files = file_bounds(config, layout);
  server::ServerParts parts{
      .layout = layout,
      .clock = context.parts.clock,
      .cerebro = &ownership.cerebro(),
      .flows = &flows,
      .open_reader = [open = context.parts.open_reader, layout] { return open(layout); },
      .secrets = context.parts.open_secrets(layout),
      .secret_values = context.parts.find_secrets(layout),
      .evaluator = context.parts.evaluator,
      .limits = std::move(limits),
      .plugin_types = context.parts.plugin_types,
      .task_servers = ownership.task_servers(),
      .inputs = [&inputs] { return inputs.statuses(); },
      .alerts = [&alerts] { return alerts.status(); },
      .try_channel = [&alerts](const std::string& channel) { return alerts.try_out(channel); },
      .acknowledge = [&alerts](const std::string& alert,
                               const std::string& by) { return alerts.acknowledge(alert, by); },
      .git = &git,
      .back_up = context.parts.back_up_state};
  auto server = server::Server::start(settings, std::move(parts));
  if (server.has_value() || server.error().code != ErrorCode::kUnavailable) return server;
  return fail(ErrorCode::kUnavailable,
              fmt::format("{}; --listen ADDRESS:PORT chooses another, --listen off serves no API",
                          server.error().message));
}

}  // namespace cordyna::cli
