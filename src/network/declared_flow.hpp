/// A task that a server has declared, as a flow: so that needs, schedules, retries, limits and
/// reasons are those of flows, and are kept in one way.
///
/// Pure. Threads: any.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"

#include "model/flow.hpp"
#include "network/names.hpp"
#include "protocol/declaration.hpp"

namespace cordyna::network {

/// The task of such a flow that the server carries out.
inline constexpr std::string_view kServedTask = "task";

/// The flow in its language, as JSON; its namespace is the team, its id that of the task.
[[nodiscard]] std::string flow_text(const ServerName& server, const protocol::Declaration& task);

/// What a server would declare, as `cordyna declare` prints it: a JSON list of declarations, each
/// of the team that its owner is. Errors: kInvalidArgument, with all that is wrong and where.
[[nodiscard]] Result<std::vector<protocol::Declaration>> read_declarations(std::string_view list);

/// The server that declared the flow's task; empty names: it is no such flow.
[[nodiscard]] ServerName declarer_of(const Flow& flow);

}  // namespace cordyna::network
