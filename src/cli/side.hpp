/// Where a command reads: a state folder of this machine, or a server. The views need not know.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "base/result.hpp"
#include "cli/commands.hpp"
#include "client/remote_reader.hpp"
#include "model/layout.hpp"
#include "ports/store.hpp"

namespace cordyna::cli {

struct Side {
  StateLayout layout{""};  ///< empty at a server
  std::unique_ptr<StoreReader> reader;
  std::optional<client::ApiClient> server;  ///< nullopt: a state folder
  client::RemoteReader* remote = nullptr;   ///< `reader`, at a server
};

/// The server that is meant, which is said on standard error where no program reads; nullopt: a
/// state folder is. Errors: those of choose_server.
[[nodiscard]] Result<std::optional<client::ApiClient>> server_here(const CommandContext& context);
/// As above, of what is done at servers alone. Errors: kInvalidArgument: none was named.
[[nodiscard]] Result<client::ApiClient> server_wanted(const CommandContext& context,
                                                      const std::string& what);

/// Where `server_here` or `state_here` says. Errors: theirs, and those of opening a state.
[[nodiscard]] Result<Side> side_here(const CommandContext& context);

/// Errors: kInvalidArgument: a server was chosen.
[[nodiscard]] Result<> refuse_server(const CommandContext& context);

}  // namespace cordyna::cli
