// Tokens: made, seen, revoked. The secret part is shown once, when a token is made.
#include <fmt/format.h>

#include <utility>

#include "base/text.hpp"
#include "server/api/grants.hpp"
#include "server/api/routes.hpp"
#include "server/auth/tokens.hpp"

namespace cordyna::server {
namespace {

void append_token(std::string& out, const TokenRow& token) {
  out += fmt::format("{{\"id\":\"{}\",\"kind\":\"{}\",\"name\":", token.id, to_string(token.kind));
  append_json(out, token.name);
  if (!token.user.empty()) {
    out += ",\"user\":";
    append_json(out, token.user);
  }
  out += ",\"grants\":";
  append_grants(out, token.grants);
  out += ",\"created_by\":";
  append_json(out, token.created_by);
  out += fmt::format(",\"created_at\":\"{}\"", format_timestamp(token.created_at));
  if (token.expires_at > 0)
    out += fmt::format(",\"expires_at\":\"{}\"", format_timestamp(token.expires_at));
  if (token.revoked_at > 0)
    out += fmt::format(",\"revoked_at\":\"{}\"", format_timestamp(token.revoked_at));
  out += '}';
}

std::string as_json(const TokenRow& token) {
  std::string out;
  append_token(out, token);
  return out;
}

/// A user sees the own tokens; an admin of the server all.
bool may_see(const Caller& caller, const TokenRow& token) {
  return caller.may(Role::kAdmin, kEverywhere) ||
         (!caller.user.empty() && caller.user == token.user);
}

}  // namespace

void list_tokens(Api& api, Call& call) {
  std::string out = "{\"tokens\":[";
  bool first = true;
  for (const TokenRow& token : api.identity().tokens()) {
    if (!may_see(call.caller, token)) continue;
    if (!std::exchange(first, false)) out += ",\n";
    append_token(out, token);
  }
  call.answer(out + "]}");
}

void create_token(Api& api, Call& call) {
  const TokenParts parts = make_token();
  TokenRow token;
  token.id = parts.id;
  token.kind = *parse_token_kind(call.body.text("kind"));
  token.hash = hash_of(parts.secret);
  token.name = call.body.text("name");
  token.created_by = call.caller.actor;
  token.created_at = api.now();
  if (const std::string until = call.body.text("expires_at"); !until.empty()) {
    token.expires_at = parse_timestamp(until).value_or(0);
    if (token.expires_at <= token.created_at)
      return call.refuse(problem("invalid", "expires_at is over already"));
  }
  auto grants = grants_of(call.body);
  if (!grants.has_value()) return call.refuse(grants.error());
  token.grants = std::move(*grants);
  const bool personal = token.kind == TokenKind::kPersonal;
  if (personal && call.caller.user.empty()) {
    return call.refuse(
        problem("invalid", "only a user has personal tokens; a program makes one of kind service"));
  }
  if (personal) token.user = call.caller.user;
  const bool of_servers = token.kind == TokenKind::kServer;
  if (of_servers && (token.grants.size() != 1 || token.grants[0].role != Role::kViewer ||
                     token.grants[0].ns == kEverywhere)) {
    return call.refuse(problem("invalid",
                               "a token of kind server has one grant, viewer of one namespace: the "
                               "team whose task servers it is for"));
  }
  if (of_servers && !call.caller.may(Role::kAdmin, token.grants[0].ns)) {
    return call.refuse(
        problem("forbidden", "a token of kind server wants the role admin in the namespace"));
  }
  if (!personal && !of_servers && !call.caller.may(Role::kAdmin, kEverywhere)) {
    return call.refuse(
        problem("forbidden", "a token of kind service wants the role admin everywhere"));
  }
  if (!covers(call.caller.grants, token.grants)) {
    return call.refuse(problem("forbidden", "nobody gives a token more than he has himself"));
  }
  std::string out = as_json(token);
  out.back() = ',';
  out += fmt::format("\"token\":\"{}\"}}", parts.text());
  IdentityRequest request;
  request.tokens.push_back(token);
  AuditNote note = note_of(call, "token " + token.id, "", {}, as_json(token));
  auto kept = std::make_shared<Call>(std::move(call));
  api.cerebro().ask(std::move(request), std::move(note),
                    [kept, token = std::move(token), out = std::move(out),
                     identity = api.shared_identity()](const Result<std::int64_t>& done) mutable {
                      if (!done.has_value()) return kept->refuse(done.error());
                      identity->changed({}, {token}, {});
                      kept->answer(std::move(out));
                    });
}

void revoke_token(Api& api, Call& call) {
  auto token = api.identity().token(call.value("token"));
  if (!token.has_value() || !may_see(call.caller, *token)) {
    return call.refuse(problem("not_found", "there is no such token, or it is not yours to see"));
  }
  std::string before = as_json(*token);
  if (token->revoked_at == 0) token->revoked_at = api.now();
  IdentityRequest request;
  request.tokens.push_back(*token);
  AuditNote note = note_of(call, "token " + token->id, "", std::move(before), as_json(*token));
  auto kept = std::make_shared<Call>(std::move(call));
  api.cerebro().ask(std::move(request), std::move(note),
                    [kept, token = std::move(*token),
                     identity = api.shared_identity()](const Result<std::int64_t>& done) {
                      if (!done.has_value()) return kept->refuse(done.error());
                      identity->changed({}, {token}, {});
                      kept->answer(HttpResponse{204, {}, {}});
                    });
}

}  // namespace cordyna::server
