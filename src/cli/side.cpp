#include "cli/side.hpp"

#include <fmt/format.h>

#include <utility>

#include "base/text.hpp"

namespace cordyna::cli {

Result<std::optional<client::ApiClient>> server_here(const CommandContext& context) {
  TRY_ASSIGN(std::optional<client::Context> chosen, choose_server(context.words));
  if (!chosen.has_value()) return std::optional<client::ApiClient>();
  client::ApiClient client(std::move(*chosen));
  // Nobody is to wonder which server a command went to.
  if (!context.arguments.json && !context.arguments.names) {
    print_hint(fmt::format("at {}", printable(client.shown())));
  }
  return std::optional(std::move(client));
}

Result<client::ApiClient> server_wanted(const CommandContext& context, const std::string& what) {
  TRY_ASSIGN(std::optional<client::ApiClient> client, server_here(context));
  if (client.has_value()) return std::move(*client);
  return fail(ErrorCode::kInvalidArgument,
              fmt::format("{} are those of a server: --server NAME names it, or 'dyna context use "
                          "NAME'; 'dyna context list' lists those that you are logged in to",
                          what));
}

Result<Side> side_here(const CommandContext& context) {
  Side side;
  TRY_ASSIGN(side.server, server_here(context));
  if (side.server.has_value()) {
    auto remote = std::make_unique<client::RemoteReader>(*side.server);
    side.remote = remote.get();
    side.reader = std::move(remote);
    return side;
  }
  TRY_ASSIGN(side.layout, state_here(context));
  TRY_ASSIGN(side.reader, context.parts.open_reader(side.layout));
  return side;
}

Result<> refuse_server(const CommandContext& context) {
  TRY_ASSIGN(const std::optional<client::Context> chosen, choose_server(context.words));
  if (!chosen.has_value()) return {};
  return fail(ErrorCode::kInvalidArgument,
              fmt::format("this works on a state folder of this machine, and the server {} is "
                          "chosen; --server local says that the folder is meant",
                          printable(client::ApiClient(*chosen).shown())));
}

}  // namespace cordyna::cli
