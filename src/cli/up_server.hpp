/// The API of `dyna up`.
#pragma once

#include <memory>

#include "alert/host.hpp"
#include "base/result.hpp"
#include "cli/commands.hpp"
#include "cli/ownership.hpp"
#include "flow/file_bounds.hpp"
#include "flow/server_file.hpp"
#include "input/host/host.hpp"
#include "ports/git_follows.hpp"
#include "server/server.hpp"
#include "service/flow_cache.hpp"

namespace cordyna::cli {

/// Whether a server could start so: its address, certificate and key. Errors: kInvalidArgument.
[[nodiscard]] Result<> check_server(const flow::ServerConfig& config);

/// Where files may lie that are named over the network.
[[nodiscard]] flow::FileBounds file_bounds(const flow::ServerConfig& config,
                                           const StateLayout& layout);

/// Null: none is wished. Borrows all but the layout. Errors: those of check_server and of
/// Server::start.
[[nodiscard]] Result<std::unique_ptr<server::Server>> start_server(
    const CommandContext& context, const flow::ServerConfig& config, const StateLayout& layout,
    Ownership& ownership, FlowCache& flows, engine::Limits limits, const input::InputHost& inputs,
    alert::AlertHost& alerts, GitFollows& git);

}  // namespace cordyna::cli
