/// Sockets made of streams of Redis: for each one that is open two streams, one for each way.
///
/// A server knocks by PUBLISH; its two streams are made, and used for this socket alone. Entries
/// are frames, numbered from 1: where one is missing, since somebody has trimmed or flushed, or the
/// connection to Redis was lost, the socket ends, as one of TCP that was cut. So nothing that is
/// above depends on what Redis keeps. While Redis is away nobody has a socket; it is tried again.
///
/// Threads: peers are told from threads of this, one at a time for each socket. Source:
/// docs/protocol.md, Redis Streams; docs/decisions/063-redis-streams.md.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "base/time.hpp"
#include "redis/connection.hpp"
#include "server/http/websocket.hpp"
#include "server/redis/stream_keys.hpp"

namespace cordyna::server {

struct StreamSettings {
  redis::Target target;  ///< its waits are chosen here
  std::string prefix = "cordyna";
  std::size_t queue_bytes = std::size_t{4} << 20;  ///< of one socket that wait to go out
  std::size_t frame_bytes = std::size_t{1} << 20;  ///< of one that comes; larger: it is cut off
  std::size_t team_sockets = 1'000;                ///< of one team at once
};

/// All must be set.
struct StreamCalls {
  /// The receiving side for who knocks; null: not now.
  std::function<std::shared_ptr<WebSocketPeer>(const Knock&)> accept;
  /// Its streams were changed as no server does: trimmed, or given an id that leaves no more. That
  /// socket is cut off.
  std::function<void(const Knock&, const std::string& what)> tampered;
  std::function<Millis()> wall;  ///< the time, as Redis has it, too
  /// For people: Redis is there, or is not.
  std::function<void(const std::string& text)> told;
};

class StreamSockets {
 public:
  /// Tries to reach Redis from now on.
  StreamSockets(StreamSettings settings, StreamCalls calls);
  /// What was sent before still goes out where that is possible within two seconds.
  ~StreamSockets();
  StreamSockets(const StreamSockets&) = delete;
  StreamSockets& operator=(const StreamSockets&) = delete;

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace cordyna::server
