/// The API of `dyna up`.
#pragma once

#include <memory>

#include "base/result.hpp"
#include "cli/commands.hpp"
#include "cli/ownership.hpp"
#include "server/server.hpp"
#include "service/flow_cache.hpp"

namespace cordyna::cli {

/// Null: none is wished. Borrows all but the layout. Errors: kInvalidArgument: what --listen and
/// its like say; those of Server::start.
[[nodiscard]] Result<std::unique_ptr<server::Server>> start_server(const CommandContext& context,
                                                                   const StateLayout& layout,
                                                                   Ownership& ownership,
                                                                   FlowCache& flows,
                                                                   std::vector<PoolSpec> pools);

}  // namespace cordyna::cli
