// dyna secret: the encrypted secrets of a state folder. There is no `get` on purpose: whoever may
// run a flow can use a secret, and nobody needs to see it again.
#include <fmt/format.h>

#include <algorithm>
#include <string>
#include <vector>

#include "base/text.hpp"
#include "base/wipe.hpp"
#include "cli/commands.hpp"
#include "cli/secret_input.hpp"
#include "cli/side.hpp"
#include "client/remote_reader.hpp"
#include "ports/secrets.hpp"

namespace cordyna::cli {
namespace {

/// The first secret may be set before the first run: then the state is where that run makes it.
Result<StateLayout> state_to_set_in(const CommandContext& context) {
  TRY_ASSIGN(const std::string folder, working_folder());
  Result<StateLayout> found = find_state(context.choice, folder);
  if (found.has_value() || found.error().code != ErrorCode::kNotFound) return found;
  return state_for_flow(context.choice, folder);
}

/// What has been read goes to the server, and is kept there.
CommandResult set_there(CommandContext& context, const client::ApiClient& client) {
  const Arguments& arguments = context.arguments;
  const std::string file = arguments.files.empty() ? "" : arguments.files.front();
  TRY_ASSIGN(std::string value, read_secret_value(arguments.secret, file));
  if (!is_utf8(value)) {
    wipe_secret(value);
    return fail(
        ErrorCode::kInvalidArgument,
        "the value is no UTF-8 text, and a server takes only that; base64 makes text of it");
  }
  client::Write write{.method = "PUT", .path = "/secrets/" + client::segment(arguments.secret)};
  write.body = "{\"value\":";
  append_json(write.body, value);
  write.body += '}';
  wipe_secret(value);
  // Setting the same value twice is setting it once.
  write.key = "set";
  const auto done = client.send(write);
  wipe_secret(write.body);
  TRY(done);
  context.output.write(
      fmt::format("secret '{}' is set at {}\n", arguments.secret, printable(client.shown())));
  return ExitCode::kOk;
}

CommandResult set(CommandContext& context) {
  const Arguments& arguments = context.arguments;
  TRY(check_secret_name(arguments.secret));  // before anybody types a value for it
  TRY_ASSIGN(const std::optional<client::ApiClient> server, server_here(context));
  if (server.has_value()) return set_there(context, *server);
  TRY_ASSIGN(const StateLayout layout, state_to_set_in(context));
  const std::string file = arguments.files.empty() ? "" : arguments.files.front();
  TRY_ASSIGN(std::string value, read_secret_value(arguments.secret, file));
  const Result<SecretKept> kept =
      context.parts.open_secrets(layout)->set(arguments.secret, value, context.parts.clock->now());
  wipe_secret(value);
  if (!kept.has_value()) return std::unexpected<Error>(kept.error());
  context.output.write(fmt::format("secret '{}' is {} in {}\n", arguments.secret,
                                   kept->replaced ? "replaced" : "set",
                                   printable(layout.secret_store())));
  if (!kept->new_key_file.empty()) {
    print_hint(
        fmt::format("its key is {}: keep a copy of that apart from the state, without it "
                    "the secrets are lost",
                    printable(kept->new_key_file)));
  }
  return ExitCode::kOk;
}

std::string as_json(const std::vector<KeptSecret>& secrets) {
  std::string out = "[";
  for (const KeptSecret& secret : secrets) {
    if (&secret != secrets.data()) out += ",\n ";
    out += fmt::format(R"({{"name":"{}","set_at":"{}"}})", secret.name,
                       format_timestamp(secret.set_at));
  }
  return out + "]\n";
}

std::string as_table(const std::vector<KeptSecret>& secrets) {
  std::size_t width = 4;
  for (const KeptSecret& secret : secrets) width = std::max(width, secret.name.size());
  std::string out = fmt::format("{:<{}}  {}\n", "NAME", width, "SET");
  for (const KeptSecret& secret : secrets) {
    out += fmt::format("{:<{}}  {}\n", secret.name, width,
                       format_timestamp(secret.set_at).substr(0, 19) + "Z");
  }
  return out;
}

CommandResult list(CommandContext& context, const std::vector<KeptSecret>& secrets) {
  if (context.arguments.json) {
    context.output.write(as_json(secrets));
  } else {
    context.output.write(secrets.empty() ? "no secrets\n" : as_table(secrets));
  }
  return ExitCode::kOk;
}

CommandResult at_server(CommandContext& context, const client::ApiClient& client) {
  const std::string& name = context.arguments.secret;
  if (context.arguments.action == "list") {
    TRY_ASSIGN(const std::vector<KeptSecret> secrets, client::RemoteReader(client).list_secrets());
    return list(context, secrets);
  }
  TRY(check_secret_name(name));
  TRY(client.send({.method = "DELETE", .path = "/secrets/" + client::segment(name)}));
  context.output.write(
      fmt::format("secret '{}' is removed at {}\n", name, printable(client.shown())));
  return ExitCode::kOk;
}

}  // namespace

CommandResult secret_command(CommandContext& context) {
  if (context.arguments.action == "set") return set(context);
  TRY_ASSIGN(const std::optional<client::ApiClient> server, server_here(context));
  if (server.has_value()) return at_server(context, *server);
  TRY_ASSIGN(const StateLayout layout, state_here(context));
  const auto keeper = context.parts.open_secrets(layout);
  if (context.arguments.action == "list") {
    TRY_ASSIGN(const std::vector<KeptSecret> secrets, keeper->list());
    return list(context, secrets);
  }
  TRY(keeper->remove(context.arguments.secret));
  context.output.write(fmt::format("secret '{}' is removed from {}\n", context.arguments.secret,
                                   printable(layout.secret_store())));
  return ExitCode::kOk;
}

}  // namespace cordyna::cli
