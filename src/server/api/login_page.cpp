// The page behind a login link. The token is in the address's fragment, which no server and no log
// ever sees; the page hands it over once.
#include <string_view>

#include "server/api/routes.hpp"

namespace cordyna::server {
namespace {

constexpr std::string_view kPage = R"(<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><title>Cordyna</title><meta name="viewport" content="width=device-width"></head>
<body>
<h1>Cordyna</h1>
<p id="said" role="status">Logging in…</p>
<script src="/login.js"></script>
</body>
</html>
)";

constexpr std::string_view kScript = R"("use strict";
const said = document.getElementById("said");
const token = location.hash.slice(1);
history.replaceState(null, "", "/login");
if (token === "") {
  said.textContent = "This page is for login links; they are printed by 'dyna up' at its first start.";
} else {
  fetch("/api/v1/login", {
    method: "POST",
    headers: {"Content-Type": "application/json"},
    body: JSON.stringify({link_token: token}),
  }).then(async (answer) => {
    const body = await answer.json();
    said.textContent = answer.ok
      ? `You are logged in as ${body.user}, until ${body.expires_at}.`
      : body.detail;
  }).catch(() => {
    said.textContent = "The server cannot be reached.";
  });
}
)";

constexpr std::string_view kPolicy =
    "default-src 'none'; script-src 'self'; connect-src 'self'; base-uri 'none'; form-action "
    "'none'; frame-ancestors 'none'";

void answer_with_page(Call& call, std::string_view text) {
  HttpResponse response{200, {}, std::string(text)};
  response.headers.push_back(
      {"Content-Type", std::string(call.route->answer_type) + "; charset=utf-8"});
  response.headers.push_back({"Content-Security-Policy", std::string(kPolicy)});
  call.answer(std::move(response));
}

}  // namespace

void show_login_page(Api& /*api*/, Call& call) {
  answer_with_page(call, kPage);
}

void show_login_script(Api& /*api*/, Call& call) {
  answer_with_page(call, kScript);
}

}  // namespace cordyna::server
