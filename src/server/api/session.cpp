// Sessions of people: by password, or once by the link that the first start prints.
#include <fmt/format.h>

#include <utility>

#include "base/json_text.hpp"
#include "base/text.hpp"
#include "server/api/grants.hpp"
#include "server/api/routes.hpp"
#include "server/auth/tokens.hpp"

namespace cordyna::server {
namespace {

constexpr Millis kSessionMillis = Millis{12} * 3'600'000;

/// Makes a session of the user. `used`: the token of a link, which is good no more.
void open_session(Api& api, const std::shared_ptr<Call>& call, const UserRow& user,
                  std::optional<TokenRow> used) {
  const TokenParts parts = make_token();
  TokenRow session;
  session.id = parts.id;
  session.kind = TokenKind::kSession;
  session.hash = hash_of(parts.secret);
  session.user = user.name;
  session.created_by = "user:" + user.name;
  session.created_at = api.now();
  session.expires_at = session.created_at + kSessionMillis;
  IdentityRequest request;
  request.tokens.push_back(session);
  if (used.has_value()) {
    used->revoked_at = api.now();
    request.tokens.push_back(std::move(*used));
  }
  // What is over for long is no longer kept.
  for (const TokenRow& token : api.identity().tokens()) {
    const bool over =
        token.expires_at > 0 && token.expires_at < session.created_at - kSessionMillis;
    const bool of_login = token.kind == TokenKind::kSession || token.kind == TokenKind::kLogin;
    if (over && of_login) request.removed_tokens.push_back(token.id);
  }
  call->caller.actor = session.created_by;
  AuditNote note = note_of(*call, "session " + session.id, "");
  const std::string text = parts.text();
  std::string body =
      fmt::format(R"({{"user":{},"csrf_token":"{}","expires_at":"{}"}})", json_string(user.name),
                  csrf_token_of(text), format_timestamp(session.expires_at));
  const bool secure = api.parts().secure_cookies;
  auto tokens = request.tokens;
  auto removed = request.removed_tokens;
  api.cerebro().ask(
      std::move(request), std::move(note),
      [call, text, body = std::move(body), secure, tokens = std::move(tokens),
       removed = std::move(removed),
       identity = api.shared_identity()](const Result<std::int64_t>& done) mutable {
        if (!done.has_value()) return call->refuse(done.error());
        identity->changed({}, tokens, removed);
        HttpResponse response{200, {{"Content-Type", "application/json"}}, std::move(body)};
        response.headers.push_back(
            {"Set-Cookie",
             fmt::format("{}={}; Path=/; HttpOnly; SameSite=Strict; Max-Age={}{}", kSessionCookie,
                         text, kSessionMillis / 1000, secure ? "; Secure" : "")});
        call->answer(std::move(response));
      });
}

}  // namespace

void log_in(Api& api, Call& call) {
  const Millis now = api.now();
  const auto refuse = [](Call& refused) {
    refused.refuse(
        problem("unauthenticated", "name and password do not fit, or the link is no longer good"));
  };
  if (api.gate().is_limited(call.request.address, now)) {
    return call.refuse(problem("too_many_requests", "too many refused logins from this address"));
  }
  // Counted before it is compared, which takes long: many at once must not get in line together.
  const std::string address = call.request.address;
  api.gate().failed(address, now);
  const std::string link = call.body.text("link_token");
  if (!link.empty()) {
    auto used = api.identity().find(link, TokenKind::kLogin, now);
    const auto user = used.has_value() ? api.identity().user(used->user) : std::nullopt;
    if (!user.has_value() || user->disabled_at > 0) return refuse(call);
    api.gate().forgive(address);
    return open_session(api, std::make_shared<Call>(std::move(call)), *user, std::move(used));
  }
  const auto user = api.identity().user(call.body.text("user"));
  const bool usable = user.has_value() && user->disabled_at == 0 && !user->password.empty();
  // Of somebody unknown a password is compared, too: the time tells nothing.
  auto kept = std::make_shared<Call>(std::move(call));
  api.work([&api, kept, user, usable, refuse, address, password = kept->body.text("password")] {
    const bool fits = fits_password(usable ? user->password : api.decoy_hash(), password);
    if (!fits || !usable) return refuse(*kept);
    api.gate().forgive(address);
    open_session(api, kept, *user, std::nullopt);
  });
}

void log_out(Api& api, Call& call) {
  auto token = api.identity().token(call.caller.token);
  if (!token.has_value() || token->kind != TokenKind::kSession) {
    return call.refuse(problem("conflict", "this is no session; a token is revoked instead"));
  }
  token->revoked_at = api.now();
  IdentityRequest request;
  request.tokens.push_back(*token);
  AuditNote note = note_of(call, "session " + token->id, "");
  auto kept = std::make_shared<Call>(std::move(call));
  api.cerebro().ask(std::move(request), std::move(note),
                    [kept, token = std::move(*token),
                     identity = api.shared_identity()](const Result<std::int64_t>& done) {
                      if (!done.has_value()) return kept->refuse(done.error());
                      identity->changed({}, {token}, {});
                      kept->answer(HttpResponse{204, {}, {}});
                    });
}

void show_me(Api& /*api*/, Call& call) {
  std::string out = "{\"actor\":";
  append_json(out, call.caller.actor);
  if (!call.caller.user.empty()) {
    out += ",\"user\":";
    append_json(out, call.caller.user);
  }
  out += ",\"grants\":";
  append_grants(out, call.caller.grants);
  if (call.caller.by_cookie) {  // for a page that was opened anew: it cannot read the cookie
    out += ",\"csrf_token\":";
    append_json(out, csrf_token_of(cookie_of(call.request, kSessionCookie)));
  }
  call.answer(out + '}');
}

}  // namespace cordyna::server
