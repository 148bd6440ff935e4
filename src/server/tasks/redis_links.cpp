#include "server/tasks/redis_links.hpp"

#include <utility>

#include "protocol/messages.hpp"
#include "server/tasks/socket_link.hpp"

namespace cordyna::server {

std::unique_ptr<StreamSockets> open_redis_links(TaskServers& servers, const Clock& clock,
                                                StreamSettings settings,
                                                std::function<void(const std::string& text)> told) {
  settings.frame_bytes = protocol::kListMax;
  StreamCalls calls;
  calls.accept = [&servers, at = "redis " + settings.target.text()](
                     const Knock& knock) -> std::shared_ptr<WebSocketPeer> {
    const network::ServerName name{knock.team, knock.server};
    if (network::parse_server(name.text()) != name) return nullptr;
    network::Credential who;
    who.allows = [team = knock.team](std::string_view other) { return team == other; };
    who.server = knock.server;
    who.actor = "task server " + name.text();
    who.share = "team " + knock.team;
    return make_task_peer(servers, std::move(who), at, nullptr);
  };
  calls.tampered = [&servers](const Knock& knock, const std::string& what) {
    servers.tampered({knock.team, knock.server}, what);
  };
  calls.wall = [&clock] { return clock.wall(); };
  calls.told = std::move(told);
  return std::make_unique<StreamSockets>(std::move(settings), std::move(calls));
}

}  // namespace cordyna::server
