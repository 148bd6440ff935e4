/// Task servers that speak over Redis.
///
/// Who may write to the streams of a team and a server is theirs to say: the rights are those of
/// Redis. Threads: any.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "ports/clock.hpp"
#include "server/redis/stream_sockets.hpp"
#include "server/tasks/task_servers.hpp"

namespace cordyna::server {

/// They may come from now on, until what this gives is gone. Borrows the servers and the clock,
/// which must outlive it. `told`: for people.
[[nodiscard]] std::unique_ptr<StreamSockets> open_redis_links(
    TaskServers& servers, const Clock& clock, StreamSettings settings,
    std::function<void(const std::string& text)> told);

}  // namespace cordyna::server
