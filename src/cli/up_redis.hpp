/// Task servers of `dyna up` that come over Redis.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "base/result.hpp"
#include "flow/server_file.hpp"
#include "ports/clock.hpp"
#include "ports/secrets.hpp"
#include "server/tasks/redis_links.hpp"
#include "server/tasks/task_servers.hpp"

namespace cordyna::cli {

/// Errors: kInvalidArgument: settings that do not fit, and why; kNotFound and as Secrets::find: the
/// password.
[[nodiscard]] Result<server::StreamSettings> redis_settings(const flow::ServerConfig& config,
                                                            const Secrets& secrets);

/// Whether the prefix has no letter to which a pattern of ACL gives a meaning. Errors:
/// kInvalidArgument.
[[nodiscard]] Result<> check_redis_prefix(const flow::ServerConfig& config);

/// As redis_settings, without the password.
[[nodiscard]] Result<server::StreamSettings> redis_settings(const flow::ServerConfig& config);

}  // namespace cordyna::cli
