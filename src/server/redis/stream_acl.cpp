#include "server/redis/stream_acl.hpp"

#include <fmt/format.h>

namespace cordyna::server {
namespace {

/// With nothing that it had before.
redis::Words begun(const StreamAccount& account) {
  return {"ACL",   "SETUSER", account.user, "reset", "on",     "#" + account.password_hash,
          "-@all", "+ping",   "+hello",     "+auth", "+select"};
}

}  // namespace

redis::Words acl_of_servers(const StreamAccount& account, std::string_view team,
                            std::string_view server) {
  const std::string whose =
      server.empty() ? fmt::format("{}:*", team) : fmt::format("{}:{}", team, server);
  // Keys have a session behind the server; the channel has not.
  const std::string keys = server.empty() ? whose : whose + ":*";
  redis::Words words = begun(account);
  words.push_back(fmt::format("&{}:hello:{}", account.prefix, whose));
  words.emplace_back("+publish");
  words.push_back(fmt::format("(+xadd %W~{}:ev:{})", account.prefix, keys));
  words.push_back(fmt::format("(+xlen %R~{}:ev:{})", account.prefix, keys));
  words.push_back(fmt::format("(+xreadgroup %R~{}:cmd:{})", account.prefix, keys));
  return words;
}

redis::Words acl_of_cerebro(const StreamAccount& account) {
  redis::Words words = begun(account);
  words.push_back(fmt::format("~{}:*", account.prefix));
  words.push_back(fmt::format("&{}:*", account.prefix));
  // A pattern is listened to only by whom it was granted literally.
  words.push_back(fmt::format("&{}:hello:*", account.prefix));
  for (const char* one :
       {"+xread", "+xadd", "+xtrim", "+xgroup|create", "+xinfo|groups", "+del", "+pexpire", "+sadd",
        "+srem", "+smembers", "+publish", "+subscribe", "+psubscribe", "+memory|usage"}) {
    words.emplace_back(one);
  }
  return words;
}

}  // namespace cordyna::server
