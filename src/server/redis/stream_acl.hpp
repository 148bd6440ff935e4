/// What accounts of Redis may do: those of task servers, and that of cerebro.
///
/// Pure. Threads: any. Source: docs/protocol.md, Redis Streams.
#pragma once

#include <string>
#include <string_view>

#include "redis/connection.hpp"

namespace cordyna::server {

struct StreamAccount {
  std::string user;
  std::string password_hash;  ///< SHA-256, 64 hexadecimal digits
  std::string prefix;
};

/// ACL SETUSER … for a server of a team, or, without a `server`, for all of its servers: they
/// knock, say and hear, each on keys of their own team, and nothing else.
[[nodiscard]] redis::Words acl_of_servers(const StreamAccount& account, std::string_view team,
                                          std::string_view server);
/// The same for cerebro: what it does with keys of its prefix.
[[nodiscard]] redis::Words acl_of_cerebro(const StreamAccount& account);

}  // namespace cordyna::server
