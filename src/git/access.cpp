#include "git/access.hpp"

#include <fmt/format.h>

#include <string>
#include <utility>

namespace cordyna::git {

Result<Remote> remote_of(const GitFollow& follow, const Secrets& secrets) {
  Remote remote{.url = follow.url, .branch = follow.branch};
  remote.user = follow.user;
  remote.known_hosts = follow.known_hosts;
  const auto fill = [&secrets](std::string& into, const MaybeSecret& from,
                               std::string_view key) -> Result<> {
    if (from.secret.empty()) return {};
    auto value = secrets.find(from.secret);
    if (!value.has_value()) return fail(fmt::format("'{}'", key), value.error());
    into = *std::move(value);
    return {};
  };
  TRY(fill(remote.password, follow.password, "password"));
  TRY(fill(remote.password, follow.token, "token"));
  TRY(fill(remote.key, follow.ssh_key, "ssh_key"));
  TRY(fill(remote.passphrase, follow.passphrase, "passphrase"));
  // A key that lost its last line end on the way into a secret is read as none.
  if (!remote.key.empty() && !remote.key.ends_with('\n')) remote.key += '\n';
  return remote;
}

}  // namespace cordyna::git
