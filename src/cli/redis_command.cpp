// dyna redis acl: accounts of task servers, and of cerebro, in Redis.
#include <fmt/format.h>
#include <unistd.h>

#include "base/json_text.hpp"
#include "base/text.hpp"
#include "base/wipe.hpp"
#include "cli/commands.hpp"
#include "cli/output.hpp"
#include "cli/secret_input.hpp"
#include "cli/server_config.hpp"
#include "cli/up_redis.hpp"
#include "flow/sha256.hpp"
#include "network/names.hpp"
#include "redis/connection.hpp"
#include "server/auth/tokens.hpp"
#include "server/redis/stream_acl.hpp"

namespace cordyna::cli {
namespace {

constexpr std::size_t kPasswordLetters = 40;

struct Whose {
  std::string team;    ///< empty: cerebro's
  std::string server;  ///< empty: all of the team
};

Result<Whose> whose_of(const Arguments& arguments) {
  if (arguments.redis.cerebro) return Whose{};
  const std::string& name = arguments.at.name;
  if (name.empty()) {
    return fail(ErrorCode::kInvalidArgument, "whose account? TEAM, TEAM/SERVER, or --cerebro");
  }
  if (name.find('/') == std::string::npos) {
    // As the team of a server: the same letters.
    if (network::parse_server(name + "/any").has_value()) return Whose{name, {}};
  } else if (const auto server = network::parse_server(name); server.has_value()) {
    return Whose{server->team, server->server};
  }
  return fail(ErrorCode::kInvalidArgument,
              fmt::format("'{}' is neither a team nor TEAM/SERVER, like orders or orders/etl",
                          printable(name)));
}

std::string usual_user(const Whose& whose) {
  if (whose.team.empty()) return "cerebro";
  return "ts-" + whose.team + (whose.server.empty() ? "" : "-" + whose.server);
}

/// As redis-cli takes it.
std::string command_text(const redis::Words& words) {
  std::string out;
  for (const std::string& word : words) {
    const bool plain = word.find_first_of(" \"'") == std::string::npos;
    out += (out.empty() ? "" : " ") + (plain ? word : "\"" + word + "\"");
  }
  return out;
}

Result<> apply(const flow::ServerConfig& config, const Secrets& secrets,
               const redis::Words& words) {
  TRY_ASSIGN(const server::StreamSettings settings, redis_settings(config, secrets));
  auto connection = redis::Connection::open(settings.target);
  if (!connection.has_value()) return std::unexpected<Error>(connection.error().error);
  const auto done = connection->ask(words);
  if (done.has_value()) return {};
  if (done.error().word != "NOPERM") return std::unexpected<Error>(done.error().error);
  return fail(ErrorCode::kDenied,
              fmt::format("{}; leave --apply out, and give the command to redis-cli as who may",
                          done.error().error.message));
}

}  // namespace

CommandResult redis_command(CommandContext& context) {
  const Arguments& arguments = context.arguments;
  TRY_ASSIGN(const Whose whose, whose_of(arguments));
  TRY_ASSIGN(const std::string here, working_folder());
  TRY_ASSIGN(const flow::Project project, project_for(arguments, here));
  TRY_ASSIGN(const ResolvedConfig choice, resolve_config(arguments, project));
  TRY(check_redis_prefix(choice.config));
  const std::string& user = arguments.at.user.empty() ? usual_user(whose) : arguments.at.user;
  std::string password;
  const bool made = arguments.at.password_file.empty();
  if (made) {
    password = server::random_word(kPasswordLetters);
  } else {
    TRY_ASSIGN(password, read_hidden("Password of " + user, arguments.at.password_file));
  }
  const server::StreamAccount account{user, flow::sha256_hex(password), choice.config.redis_prefix};
  const redis::Words words = whose.team.empty()
                                 ? server::acl_of_cerebro(account)
                                 : server::acl_of_servers(account, whose.team, whose.server);
  if (arguments.redis.apply) {
    if (choice.config.redis.empty()) {
      return fail(
          ErrorCode::kInvalidArgument,
          "--apply wants to know where: 'redis' of 'server' in cordyna.yaml names no Redis");
    }
    TRY_ASSIGN(const StateLayout layout, state_here(context));
    TRY(apply(choice.config, *context.parts.find_secrets(layout), words));
  }
  const std::string shown = made ? password : std::string();
  wipe_secret(password);
  if (arguments.json) {
    std::string out = fmt::format("{{\"user\":{},\"applied\":{},\"command\":[", json_string(user),
                                  arguments.redis.apply);
    for (const std::string& word : words) {
      out += (out.ends_with('[') ? "" : ",") + json_string(word);
    }
    out += "]";
    if (made) out += ",\"password\":" + json_string(shown);
    context.output.write(out + "}\n");
    return ExitCode::kOk;
  }
  context.output.write(arguments.redis.apply ? fmt::format("{}: done\n", printable(user))
                                             : command_text(words) + "\n");
  // Not where the command goes: that is for a pipe.
  if (made) {
    Output(STDERR_FILENO).write(fmt::format("password of {}: {}\n", printable(user), shown));
  }
  return ExitCode::kOk;
}

}  // namespace cordyna::cli
