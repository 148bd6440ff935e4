// Secrets: set and removed; nobody reads a value again, not even an admin.
#include <fmt/format.h>

#include <iterator>
#include <utility>

#include "base/wipe.hpp"
#include "ports/secrets.hpp"
#include "server/api/routes.hpp"

namespace cordyna::server {
namespace {

/// What was done lies in the file of secrets; the audit is told of it.
void note(Api& api, Call& call, AuditNote entry, HttpResponse response) {
  auto kept = std::make_shared<Call>(std::move(call));
  auto answer = std::make_shared<HttpResponse>(std::move(response));
  api.cerebro().ask(NoteRequest{}, std::move(entry),
                    [kept, answer](const Result<std::int64_t>& done) {
                      if (!done.has_value()) return kept->refuse(done.error());
                      kept->answer(std::move(*answer));
                    });
}

}  // namespace

void list_secrets(Api& api, Call& call) {
  const auto kept = api.secrets().list();
  if (!kept.has_value()) return call.refuse(kept.error());
  std::string out = "{\"secrets\":[";
  for (const KeptSecret& secret : *kept) {
    fmt::format_to(std::back_inserter(out), "{}{{\"name\":\"{}\",\"set_at\":\"{}\"}}",
                   &secret == kept->data() ? "" : ",\n", secret.name,
                   format_timestamp(secret.set_at));
  }
  call.answer(out + "]}");
}

void set_secret(Api& api, Call& call) {
  const std::string name = call.value("secret");
  std::string value = call.body.text("value");
  const auto kept = api.secrets().set(name, value, api.now());
  wipe_secret(value);
  wipe_secret(call.request.body);
  if (!kept.has_value()) return call.refuse(kept.error());
  api.hooks().forget_secrets();
  AuditNote entry = note_of(call, "secret " + name, "", {},
                            kept->replaced ? R"({"replaced":true})" : R"({"replaced":false})");
  note(api, call, std::move(entry), {204, {}, {}});
}

void remove_secret(Api& api, Call& call) {
  const std::string name = call.value("secret");
  if (const auto valid = check_secret_name(name); !valid.has_value())
    return call.refuse(valid.error());
  const auto removed = api.secrets().remove(name);
  if (!removed.has_value()) return call.refuse(removed.error());
  api.hooks().forget_secrets();
  note(api, call, note_of(call, "secret " + name, ""), {204, {}, {}});
}

}  // namespace cordyna::server
