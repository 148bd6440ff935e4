// dyna user, dyna token: who may do what at a server.
#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <utility>

#include "base/json_text.hpp"
#include "base/text.hpp"
#include "base/wipe.hpp"
#include "cli/commands.hpp"
#include "cli/secret_input.hpp"
#include "cli/side.hpp"
#include "cli/table.hpp"
#include "client/json_slice.hpp"
#include "client/remote_reader.hpp"

namespace cordyna::cli {
namespace {

using client::ApiClient;
using client::JsonSlice;

/// "viewer@acme" and its like as the API has them.
Result<std::string> grants_as_json(const std::vector<std::string>& given) {
  std::string out = "[";
  for (const std::string& one : given) {
    const auto grants = parse_grants(one);
    if (!grants.has_value() || grants->empty()) {
      return fail(ErrorCode::kInvalidArgument,
                  fmt::format("--grant '{}': ROLE@NAMESPACE is wanted, with one of the roles {}, "
                              "and a namespace or '*'",
                              printable(one), fmt::join(role_names(), ", ")));
    }
    for (const Grant& grant : *grants) {
      fmt::format_to(std::back_inserter(out), "{}{{\"namespace\":{},\"role\":\"{}\"}}",
                     out.size() > 1 ? "," : "", json_string(grant.ns), to_string(grant.role));
    }
  }
  return out + ']';
}

std::string shown_grants(const std::vector<Grant>& grants) {
  return grants.empty() ? "-" : printable(grants_text(grants));
}

std::string shown_time(Millis at) {
  return at > 0 ? seconds_text(at) : "-";
}

/// The items of a list of the API, as the server wrote them.
Result<std::string> list_as_json(const ApiClient& client, const std::string& path,
                                 std::string_view list) {
  TRY_ASSIGN(const std::string text, client.get(path));
  TRY_ASSIGN(const JsonSlice json, JsonSlice::parse(text));
  std::string out;
  for (const JsonSlice& one : json.member(list).items()) {
    out += out.empty() ? "[" : ",\n ";
    out += one.raw();
  }
  return out.empty() ? "[]\n" : out + "]\n";
}

// ---- users

std::string line_of(const UserRow& user) {
  return fmt::format("user {}: {}{}{}\n", printable(user.name), shown_grants(user.grants),
                     user.password.empty() ? ", no password" : "",
                     user.disabled_at > 0 ? ", disabled" : "");
}

CommandResult list_users(CommandContext& context, const ApiClient& client) {
  if (context.arguments.json) {
    TRY_ASSIGN(const std::string out, list_as_json(client, "/users", "users"));
    context.output.write(out);
    return ExitCode::kOk;
  }
  TRY_ASSIGN(const std::vector<UserRow> users, client::RemoteReader(client).list_users());
  std::vector<std::vector<std::string>> rows{{"USER", "GRANTS", "PASSWORD", "DISABLED"}};
  for (const UserRow& user : users) {
    rows.push_back({printable(user.name), shown_grants(user.grants),
                    user.password.empty() ? "-" : "yes", shown_time(user.disabled_at)});
  }
  context.output.write(users.empty() ? "no users\n" : as_columns(rows));
  return ExitCode::kOk;
}

/// The members that were given; what is not stays as it is.
Result<std::string> change_of(const Arguments& arguments) {
  const ServerOptions& at = arguments.at;
  std::string out = "{";
  const auto put = [&out](std::string_view key, std::string_view value) {
    fmt::format_to(std::back_inserter(out), "{}\"{}\":{}", out.size() > 1 ? "," : "", key, value);
  };
  if (!at.grants.empty()) {
    TRY_ASSIGN(const std::string grants, grants_as_json(at.grants));
    put("grants", grants);
  }
  if (at.disable || at.enable || arguments.action == "remove")
    put("disabled", at.enable ? "false" : "true");
  if (!at.password_file.empty()) {
    const std::string file = at.password_file == "-" ? "" : at.password_file;
    TRY_ASSIGN(std::string password, read_hidden("Password of " + at.name, file));
    put("password", json_string(password));
    wipe_secret(password);
  }
  return out + '}';
}

CommandResult change_user(CommandContext& context, const ApiClient& client) {
  const Arguments& arguments = context.arguments;
  const std::string& name = arguments.at.name;
  TRY_ASSIGN(const std::vector<UserRow> users, client::RemoteReader(client).list_users());
  const bool known = std::ranges::find(users, name, &UserRow::name) != users.end();
  if (known && arguments.action == "add") {
    return fail(
        ErrorCode::kConflict,
        fmt::format("there is a user '{}' already; 'dyna user set' changes it", printable(name)));
  }
  if (!known && arguments.action != "add") {
    return fail(ErrorCode::kNotFound,
                fmt::format("there is no user '{}'; 'dyna user list' lists them, 'dyna user add' "
                            "makes one",
                            printable(name)));
  }
  if (arguments.action == "add" && arguments.at.grants.empty()) {
    return fail(ErrorCode::kInvalidArgument,
                "a user without a role may do nothing: --grant ROLE@NAMESPACE");
  }
  TRY_ASSIGN(std::string body, change_of(arguments));
  if (body == "{}") {
    return fail(ErrorCode::kInvalidArgument,
                "nothing is to be changed: --grant, --password-file, --disable or --enable");
  }
  // The same change twice is the change once.
  client::Write write{.method = "PUT",
                      .path = "/users/" + client::segment(name),
                      .body = std::move(body),
                      .key = "set"};
  const auto answer = client.send(write);
  wipe_secret(write.body);
  if (!answer.has_value()) return std::unexpected<Error>(answer.error());
  TRY_ASSIGN(const JsonSlice json, JsonSlice::parse(*answer));
  TRY_ASSIGN(const UserRow user, client::user_of(json));
  context.output.write(arguments.json ? std::string(json.raw()) + "\n" : line_of(user));
  return ExitCode::kOk;
}

// ---- tokens

CommandResult list_tokens(CommandContext& context, const ApiClient& client) {
  if (context.arguments.json) {
    TRY_ASSIGN(const std::string out, list_as_json(client, "/tokens", "tokens"));
    context.output.write(out);
    return ExitCode::kOk;
  }
  TRY_ASSIGN(const std::vector<TokenRow> tokens, client::RemoteReader(client).list_tokens());
  std::vector<std::vector<std::string>> rows{
      {"ID", "KIND", "NAME", "USER", "GRANTS", "EXPIRES", "REVOKED"}};
  for (const TokenRow& token : tokens) {
    rows.push_back({printable(token.id), std::string(to_string(token.kind)), printable(token.name),
                    token.user.empty() ? "-" : printable(token.user), shown_grants(token.grants),
                    shown_time(token.expires_at), shown_time(token.revoked_at)});
  }
  context.output.write(tokens.empty() ? "no tokens\n" : as_columns(rows));
  return ExitCode::kOk;
}

CommandResult create_token(CommandContext& context, const ApiClient& client) {
  const ServerOptions& at = context.arguments.at;
  TRY_ASSIGN(std::string grants, grants_as_json(at.grants));
  if (!at.team.empty()) {
    grants = fmt::format("[{{\"namespace\":{},\"role\":\"viewer\"}}]", json_string(at.team));
  } else if (at.grants.empty()) {
    TRY_ASSIGN(const std::string me, client.get("/me"));
    TRY_ASSIGN(const JsonSlice json, JsonSlice::parse(me));
    grants = json.raw("grants");
  }
  client::Write write{.path = "/tokens"};
  write.body = fmt::format("{{\"name\":{},\"kind\":\"{}\",\"grants\":{}", json_string(at.name),
                           !at.team.empty() ? "server"
                           : at.service     ? "service"
                                            : "personal",
                           grants);
  if (!at.expires_at.empty()) {
    const auto until = parse_timestamp(at.expires_at);
    if (!until.has_value()) {
      return fail(ErrorCode::kInvalidArgument,
                  fmt::format("--expires '{}': a time like 2027-01-31 or 2027-01-31T12:00Z is "
                              "wanted",
                              printable(at.expires_at)));
    }
    write.body += ",\"expires_at\":\"" + format_timestamp(*until) + "\"";
  }
  write.body += '}';
  TRY_ASSIGN(const std::string answer, client.send(write));
  TRY_ASSIGN(const JsonSlice json, JsonSlice::parse(answer));
  if (context.arguments.json) {
    context.output.write(std::string(json.raw()) + "\n");
    return ExitCode::kOk;
  }
  // The token alone on standard output: `dyna token create ci > ci.token`.
  print_hint(fmt::format("token {} '{}': it is shown this once", printable(json.text("id")),
                         printable(at.name)));
  context.output.write(json.text("token") + "\n");
  return ExitCode::kOk;
}

CommandResult revoke_token(CommandContext& context, const ApiClient& client) {
  const std::string& id = context.arguments.at.name;
  if (id.starts_with("dyna_")) {
    return fail(ErrorCode::kInvalidArgument,
                "the id of a token is wanted, as 'dyna token list' shows it, and never the token: "
                "every user of this machine could have read it now, so revoke that one");
  }
  TRY(client.send({.method = "DELETE", .path = "/tokens/" + client::segment(id)}));
  context.output.write(context.arguments.json
                           ? fmt::format("{{\"revoked\":{}}}\n", json_string(id))
                           : fmt::format("token {} is revoked\n", printable(id)));
  return ExitCode::kOk;
}

}  // namespace

CommandResult user_command(CommandContext& context) {
  TRY_ASSIGN(const ApiClient client, server_wanted(context, "users"));
  if (context.arguments.action == "list") return list_users(context, client);
  return change_user(context, client);
}

CommandResult token_command(CommandContext& context) {
  TRY_ASSIGN(const ApiClient client, server_wanted(context, "tokens"));
  if (context.arguments.action == "create") return create_token(context, client);
  if (context.arguments.action == "revoke") return revoke_token(context, client);
  return list_tokens(context, client);
}

}  // namespace cordyna::cli
