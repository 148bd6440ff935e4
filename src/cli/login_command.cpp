// dyna login, logout: a token of a server is kept, and goes again.
#include <fmt/format.h>
#include <unistd.h>

#include <array>
#include <filesystem>
#include <system_error>
#include <utility>

#include "base/json_text.hpp"
#include "base/text.hpp"
#include "base/wipe.hpp"
#include "cli/commands.hpp"
#include "cli/secret_input.hpp"
#include "client/api_client.hpp"
#include "client/json_slice.hpp"

namespace cordyna::cli {
namespace {

using client::ApiClient;
using client::Context;
using client::ContextList;
using client::JsonSlice;

constexpr Millis kTokenMillis = Millis{90} * 24 * 3'600'000;

/// How a login by password is gone on with: the session's cookie, and what its writes must show.
struct PasswordSession {
  http::Headers headers;
};

std::string host_name() {
  std::array<char, 256> name{};
  return ::gethostname(name.data(), name.size() - 1) == 0 ? name.data() : "this machine";
}

Result<std::string> ca_path(const std::string& given) {
  if (given.empty()) return std::string();
  std::error_code error;
  std::string path = std::filesystem::canonical(given, error).string();
  if (!error) return path;
  return fail(ErrorCode::kNotFound, fmt::format("--ca {}: {}", printable(given), error.message()));
}

Result<PasswordSession> open_session(const ApiClient& client, const std::string& user) {
  TRY_ASSIGN(std::string password, read_hidden("Password of " + user, {}));
  client::Write login{.path = "/login"};
  login.body =
      fmt::format("{{\"user\":{},\"password\":{}}}", json_string(user), json_string(password));
  wipe_secret(password);
  auto answer = client.exchange(login);
  wipe_secret(login.body);
  if (!answer.has_value()) {
    if (answer.error().code == ErrorCode::kDenied) {
      return fail(ErrorCode::kDenied,
                  fmt::format("server {}: name and password do not fit; whoever has no password "
                              "there logs in with a token: leave --user out",
                              printable(client.shown())));
    }
    return std::unexpected<Error>(std::move(answer.error()));
  }
  TRY_ASSIGN(const JsonSlice json, JsonSlice::parse(answer->body));
  const std::string cookie = answer->header("Set-Cookie");
  PasswordSession session;
  session.headers.push_back({"Cookie", cookie.substr(0, cookie.find(';'))});
  session.headers.push_back({"Origin", client.server().url});
  session.headers.push_back({"X-CSRF-Token", json.text("csrf_token")});
  return session;
}

/// A personal token of the user who has the session, worth what the user is, and no more. The
/// session ends.
Result<std::string> make_token(const ApiClient& client, const std::string& user, Millis until) {
  TRY_ASSIGN(const PasswordSession session, open_session(client, user));
  client::Write who{.method = "GET", .path = "/me", .headers = session.headers};
  TRY_ASSIGN(const std::string me, client.send(who));
  TRY_ASSIGN(const JsonSlice json, JsonSlice::parse(me));
  client::Write wish{.path = "/tokens", .headers = session.headers};
  wish.body = fmt::format(
      "{{\"name\":{},\"kind\":\"personal\",\"grants\":{},\"expires_at\":\"{}\"}}",
      json_string("dyna on " + host_name()), json.raw("grants"), format_timestamp(until));
  const auto made = client.send(wish);
  const auto ended = client.send({.path = "/logout", .headers = session.headers});
  static_cast<void>(ended);  // it ends by itself, too
  if (!made.has_value()) return std::unexpected<Error>(made.error());
  TRY_ASSIGN(const JsonSlice token, JsonSlice::parse(*made));
  return token.text("token");
}

Result<> take_token(const CommandContext& context, Context& wanted) {
  const ServerOptions& at = context.arguments.at;
  if (at.user.empty()) {
    TRY_ASSIGN(wanted.token, read_hidden("Token for " + wanted.url, at.token_file));
    if (!wanted.token.empty()) return {};
    return fail(ErrorCode::kInvalidArgument,
                "no token was given; an admin of the server makes one, or its file admin.token "
                "holds the first");
  }
  Millis until = context.parts.clock->wall() + kTokenMillis;
  if (!at.expires_at.empty()) {
    const auto given = parse_timestamp(at.expires_at);
    if (!given.has_value()) {
      return fail(ErrorCode::kInvalidArgument,
                  fmt::format("--expires '{}': a time like 2027-01-31 or 2027-01-31T12:00Z is "
                              "wanted",
                              printable(at.expires_at)));
    }
    until = *given;
  }
  TRY_ASSIGN(wanted.token, make_token(ApiClient(wanted), at.user, until));
  wanted.token_is_ours = true;
  return {};
}

/// Asks the server who the token is of: a wrong one is not kept.
Result<> verify(Context& wanted) {
  TRY_ASSIGN(const std::string me, ApiClient(wanted).get("/me"));
  TRY_ASSIGN(const JsonSlice json, JsonSlice::parse(me));
  wanted.actor = json.text("actor");
  if (!wanted.actor.empty()) return {};
  return fail(ErrorCode::kCorrupt,
              fmt::format("{} does not say who the token is of: is it a server of Cordyna?",
                          printable(wanted.url)));
}

/// "dyna_<id>_<secret>"; empty: another form.
std::string id_of_token(const std::string& token) {
  const std::size_t end = token.rfind('_');
  if (!token.starts_with("dyna_") || end <= 5) return {};
  return token.substr(5, end - 5);
}

/// Ends what a login made. One that is unknown there is what was wanted. Errors: those of the
/// server.
Result<> revoke(const Context& known) {
  const auto done = ApiClient(known).send(
      {.method = "DELETE", .path = "/tokens/" + client::segment(id_of_token(known.token))});
  if (done.has_value() || done.error().code == ErrorCode::kNotFound ||
      done.error().code == ErrorCode::kDenied) {
    return {};
  }
  return std::unexpected<Error>(done.error());
}

/// Keeps the context; the token of the login before, in its place, goes. True: it is the current
/// one.
Result<bool> keep(const std::string& folder, const Context& wanted) {
  bool is_current = false;
  Context before;
  const auto put = [&](ContextList& list) -> Result<> {
    const Context* known = list.find(wanted.name);
    if (known != nullptr) before = *known;
    list.put(wanted);
    is_current = list.current == wanted.name;
    return {};
  };
  const Result<> kept = client::change_contexts(folder, put);
  // A token that nobody has is not left behind.
  if (!kept.has_value() && wanted.token_is_ours) static_cast<void>(revoke(wanted));
  TRY(kept);
  if (before.token_is_ours && before.token != wanted.token) static_cast<void>(revoke(before));
  return is_current;
}

}  // namespace

CommandResult login_command(CommandContext& context) {
  const ServerOptions& at = context.arguments.at;
  Context wanted;
  wanted.insecure_plaintext = at.insecure_plaintext;
  TRY_ASSIGN(wanted.url, client::server_address(at.address, at.insecure_plaintext));
  wanted.name = at.name.empty() ? client::name_for(wanted.url) : at.name;
  if (!client::is_context_name(wanted.name)) {
    return fail(ErrorCode::kInvalidArgument,
                fmt::format("--name '{}': up to 64 letters, digits, '.', '_' and '-' are wanted, a "
                            "letter or digit in front, and not '{}'",
                            printable(wanted.name), kLocal));
  }
  TRY_ASSIGN(wanted.ca, ca_path(at.ca));
  TRY_ASSIGN(const std::string folder,
             client::contexts_folder(context.words.config_home, context.words.home));
  TRY(client::read_contexts(folder));  // before anything is typed, or made at the server
  TRY(take_token(context, wanted));
  TRY(verify(wanted));
  TRY_ASSIGN(const bool is_current, keep(folder, wanted));
  if (context.arguments.json) {
    context.output.write(fmt::format("{{\"context\":{},\"url\":{},\"actor\":{},\"current\":{}}}\n",
                                     json_string(wanted.name), json_string(wanted.url),
                                     json_string(wanted.actor), is_current));
    return ExitCode::kOk;
  }
  context.output.write(fmt::format("logged in to {} as {}; the context is '{}'\n",
                                   printable(wanted.url), printable(wanted.actor), wanted.name));
  if (!is_current) {
    print_hint(
        fmt::format("commands go there with --server {}, or all of them after: dyna context "
                    "use {}",
                    wanted.name, wanted.name));
  }
  return ExitCode::kOk;
}

CommandResult logout_command(CommandContext& context) {
  TRY_ASSIGN(const std::string folder,
             client::contexts_folder(context.words.config_home, context.words.home));
  TRY_ASSIGN(const ContextList list, client::read_contexts(folder));
  const std::string& given = context.arguments.at.name;
  if (given.empty() && list.current.empty()) {
    return fail(ErrorCode::kInvalidArgument,
                "no context is the current one; name one: dyna logout NAME");
  }
  TRY_ASSIGN(const Context known, find_context(list, given.empty() ? list.current : given));
  if (known.token.empty()) {
    return fail(ErrorCode::kConflict, fmt::format("you are not logged in to '{}'", known.name));
  }
  Result<> revoked;
  if (known.token_is_ours) revoked = revoke(known);
  TRY(client::change_contexts(folder, [&](ContextList& now) -> Result<> {
    Context forgotten = known;
    forgotten.token.clear();
    forgotten.actor.clear();
    forgotten.token_is_ours = false;
    now.put(std::move(forgotten));
    return {};
  }));
  const bool is_revoked = known.token_is_ours && revoked.has_value();
  if (context.arguments.json) {
    context.output.write(
        fmt::format("{{\"context\":{},\"revoked\":{}}}\n", json_string(known.name), is_revoked));
  } else {
    context.output.write(fmt::format(
        "logged out of {}; {}\n", printable(known.url),
        is_revoked            ? "the token is revoked"
        : known.token_is_ours ? "the token could not be revoked there"
                              : "the token itself stays good: 'dyna token revoke' ends one"));
  }
  if (!revoked.has_value()) print_hint(printable(revoked.error().message));
  return ExitCode::kOk;
}

}  // namespace cordyna::cli
