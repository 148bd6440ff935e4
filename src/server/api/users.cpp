// Users: seen and changed by admins.
#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "base/text.hpp"
#include "server/api/grants.hpp"
#include "server/api/routes.hpp"
#include "server/auth/tokens.hpp"

namespace cordyna::server {
namespace {

constexpr std::size_t kPasswordMin = 12;
constexpr std::size_t kPasswordMax = 1024;

void append_user(std::string& out, const UserRow& user) {
  out += "{\"name\":";
  append_json(out, user.name);
  out += ",\"grants\":";
  append_grants(out, user.grants);
  out += fmt::format(",\"has_password\":{},\"created_at\":\"{}\",\"version\":{}",
                     !user.password.empty(), format_timestamp(user.created_at), user.version);
  if (user.disabled_at > 0) {
    out += fmt::format(",\"disabled_at\":\"{}\"", format_timestamp(user.disabled_at));
  }
  out += '}';
}

std::string as_json(const UserRow& user) {
  std::string out;
  append_user(out, user);
  return out;
}

/// Whoever had a session with the old password or the old rights has it no more.
std::vector<TokenRow> ended_sessions(const Identity& identity, const std::string& user,
                                     Millis now) {
  std::vector<TokenRow> ended;
  for (TokenRow& token : identity.tokens()) {
    if (token.user != user || token.kind != TokenKind::kSession || token.revoked_at > 0) continue;
    token.revoked_at = now;
    ended.push_back(std::move(token));
  }
  return ended;
}

/// Saves the user, then answers.
void save(Api& api, Call& call, UserRow user, const std::optional<UserRow>& before) {
  IdentityRequest request;
  request.users.push_back(user);
  request.tokens = ended_sessions(api.identity(), user.name, api.now());
  AuditNote note = note_of(call, "user " + user.name, "",
                           before.has_value() ? as_json(*before) : std::string(), as_json(user));
  auto kept = std::make_shared<Call>(std::move(call));
  auto tokens = request.tokens;
  api.cerebro().ask(std::move(request), std::move(note),
                    [kept, user = std::move(user), tokens = std::move(tokens),
                     identity = api.shared_identity()](const Result<std::int64_t>& done) {
                      if (!done.has_value()) return kept->refuse(done.error());
                      identity->changed({user}, tokens, {});
                      kept->answer(as_json(user));
                    });
}

}  // namespace

void list_users(Api& api, Call& call) {
  std::string out = "{\"users\":[";
  bool first = true;
  for (const UserRow& user : api.identity().users()) {
    if (!std::exchange(first, false)) out += ",\n";
    append_user(out, user);
  }
  call.answer(out + "]}");
}

void put_user(Api& api, Call& call) {
  const std::string& name = call.value("user");
  if (!is_identity_name(name)) {
    return call.refuse(problem("invalid",
                               "the name of a user has 1 to 64 of a to z, 0 to 9, '.', '_', '@' "
                               "and '-', and begins with a letter or digit"));
  }
  const auto before = api.identity().user(name);
  UserRow user = before.value_or(UserRow{});
  user.name = name;
  ++user.version;
  if (!before.has_value()) user.created_at = api.now();
  if (call.body.has("grants")) {
    auto grants = grants_of(call.body);
    if (!grants.has_value()) return call.refuse(grants.error());
    user.grants = std::move(*grants);
  }
  if (call.body.has("disabled")) {
    const bool disabled = call.body.flag("disabled");
    if (disabled != (user.disabled_at > 0)) user.disabled_at = disabled ? api.now() : 0;
  }
  std::string password = call.body.text("password");
  if (call.body.has("password")) {
    if (password.size() < kPasswordMin || password.size() > kPasswordMax) {
      return call.refuse(problem(
          "invalid", fmt::format("a password has {} to {} bytes", kPasswordMin, kPasswordMax)));
    }
    // A fifth of a second of work: not on this thread.
    auto kept = std::make_shared<Call>(std::move(call));
    api.work([&api, kept, user, before, password = std::move(password)]() mutable {
      user.password = hash_password(password);
      save(api, *kept, std::move(user), before);
    });
    return;
  }
  save(api, call, std::move(user), before);
}

}  // namespace cordyna::server
