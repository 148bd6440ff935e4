/// A task server over a WebSocket, or what is like one.
#pragma once

#include <memory>
#include <string>

#include "server/auth/caller.hpp"
#include "server/http/websocket.hpp"
#include "server/tasks/task_servers.hpp"

namespace cordyna::server {

/// The subprotocol of messages.
inline constexpr std::string_view kTaskProtocol = "cordyna.v1+cloudevents.json";

/// The receiving side of a socket of any kind. Borrows the servers; `place` is let go when the
/// socket has ended.
[[nodiscard]] std::shared_ptr<WebSocketPeer> make_task_peer(TaskServers& servers,
                                                            network::Credential who,
                                                            std::string address,
                                                            std::shared_ptr<void> place);

/// What a request for an upgrade is answered with. Borrows the servers; `place` is let go when the
/// session has ended.
[[nodiscard]] WebSocketStart start_task_socket(TaskServers& servers, const Caller& caller,
                                               std::string address, std::shared_ptr<void> place);

}  // namespace cordyna::server
