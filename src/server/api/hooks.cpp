// Webhooks: a request becomes an event, and is answered when the event is saved, or its run has
// ended.
#include <fmt/format.h>

#include <memory>
#include <utility>

#include "base/id.hpp"
#include "base/json_text.hpp"
#include "base/wipe.hpp"
#include "http/digest.hpp"
#include "http/webhook.hpp"
#include "server/api/routes.hpp"
#include "server/hooks/hook_book.hpp"
#include "server/hooks/hook_event.hpp"
#include "server/hooks/waiters.hpp"

namespace cordyna::server {
namespace {

/// Whoever does not prove that he may, learns nothing else.
Problem denied() {
  return problem("unauthenticated",
                 "there is no such webhook, or the request does not prove that it may use it: see "
                 "its address, its signature, and the clock of the sender");
}

/// {"event":12,"id":"msg_1","duplicate":false}
HttpResponse accepted(EventNo no, const std::string& id, bool duplicate, RunNo run = 0) {
  HttpResponse response{202, {{"Content-Type", "application/json"}}, {}};
  response.body = fmt::format(R"({{"event":{},"id":{},"duplicate":{}{}}})", no, json_string(id),
                              duplicate, run > 0 ? fmt::format(",\"run\":{}", run) : "");
  response.body += '\n';
  return response;
}

/// Whether the sender proves it: by the path, by a signature, or, where the trigger says so, both.
Result<bool> proves(HookBook& book, const WebhookSpec& spec, const Call& call, Millis now) {
  const bool has_key = call.route->path.ends_with("{key}");
  if (spec.path_secret.empty() == has_key) return false;
  if (has_key) {
    TRY_ASSIGN(std::string wanted, book.secret(spec.path_secret, now));
    const bool same = !wanted.empty() && http::same_text(wanted, call.value("key"));
    wipe_secret(wanted);
    if (!same) return false;
  }
  if (spec.signing_secrets.empty()) return true;
  std::vector<std::string> secrets;
  Result<> read;
  for (const std::string& name : spec.signing_secrets) {
    auto value = book.secret(name, now);
    if (value.has_value()) {
      secrets.push_back(std::move(*value));
    } else if (read.has_value()) {
      read = std::unexpected<Error>(value.error());
    }
  }
  // While one of two is changed, the other is enough.
  if (secrets.empty() && !read.has_value()) return std::unexpected<Error>(read.error());
  const http::WebhookVerdict verdict =
      http::check_webhook(call.request.headers, call.request.body, secrets, now, spec.tolerance);
  for (std::string& secret : secrets) wipe_secret(secret);
  return verdict == http::WebhookVerdict::kRight;
}

/// As the trigger says, else as the sender says, else one by chance.
Result<std::string> id_of(const Evaluator& evaluator, const TriggerSpec& trigger,
                          const HttpRequest& request, const std::string& payload, Millis now) {
  std::string id;
  if (!trigger.webhook.event_id.empty()) {
    const std::string context =
        fmt::format(R"({{"event":{{"trigger":{},"at":"{}",{}}})", json_string(trigger.id),
                    format_timestamp(now), payload.substr(1));
    TRY_ASSIGN(id, evaluator.render(trigger.webhook.event_id, context));
  } else if (const std::string* header = http::find_header(request.headers, http::kWebhookId)) {
    id = *header;
  } else {
    return make_uuid7(now);
  }
  if (is_event_id(id)) return id;
  return fail(
      ErrorCode::kInvalidArgument,
      fmt::format("the id of an event has 1 to {} bytes and no control characters; this one "
                  "has {} bytes",
                  kEventIdMax, id.size()));
}

/// {"event":12,"id":…,"run":5,"state":"completed","outputs":{…}}
void answer_end(Call& call, const std::string& id, WaitEnd end) {
  if (!end.refused.empty()) {
    return call.refuse(problem("invalid", fmt::format("the event {} is kept, but starts no run: {}",
                                                      end.event, end.refused)));
  }
  if (!end.ended.has_value()) {
    return call.answer(accepted(end.event, id, false, end.run));
  }
  const RunRow& run = *end.ended;
  if (run.state != RunState::kCompleted && run.state != RunState::kWarning) {
    return call.refuse(problem("run_failed", fmt::format("run {} of the event {} has ended as {}",
                                                         run.no, end.event, to_string(run.state))));
  }
  HttpResponse response{200, {{"Content-Type", "application/json"}}, {}};
  response.body = fmt::format(R"({{"event":{},"id":{},"run":{},"state":"{}","outputs":{}}})",
                              end.event, json_string(id), run.no, to_string(run.state),
                              run.outputs.empty() ? "{}" : run.outputs);
  response.body += '\n';
  call.answer(std::move(response));
}

void send_and_answer(Api& api, std::shared_ptr<Call> call, EventRequest event) {
  struct Sent {
    std::shared_ptr<Call> call;
    std::string id;
    bool duplicate = false;
  };
  auto sent = std::make_shared<Sent>(std::move(call), event.event_id);
  // The answer comes later and keeps it alive.
  event.seen = [seen = sent.get()](const EventRow&, const RunRow*) { seen->duplicate = true; };
  api.ask(std::move(event), std::nullopt, [sent = std::move(sent)](Result<std::int64_t> no) {
    if (!no.has_value()) return sent->call->refuse(no.error());
    sent->call->answer(accepted(*no, sent->id, sent->duplicate));
  });
}

void send_and_wait(Api& api, std::shared_ptr<Call> call, EventRequest event, Millis longest) {
  const std::shared_ptr<Waiters> waiters = api.waiters();
  const std::string id = event.event_id;
  const std::uint64_t waiter = waiters->wait(
      event, longest, [call, id](WaitEnd end) { answer_end(*call, id, std::move(end)); });
  event.seen = [waiters, waiter](const EventRow& row, const RunRow* run) {
    waiters->seen(waiter, row, run);
  };
  api.cerebro().ask(std::move(event), std::nullopt,
                    [call, waiters, waiter](const Result<std::int64_t>& no) {
                      if (no.has_value()) return;
                      waiters->take_back(waiter);
                      call->refuse(no.error());
                    });
}

}  // namespace

void take_hook(Api& api, Call& call) {
  const Millis now = api.now();
  const std::string& address = call.request.address;
  const auto hook = api.hooks().find(call.ns(), call.value("flow"), call.value("trigger"));
  const bool known = hook.has_value() || hook.error().code == ErrorCode::kNotFound;
  if (!known) return call.refuse(hook.error());
  Result<bool> right = false;
  if (hook.has_value()) right = proves(api.hooks(), hook->trigger->webhook, call, now);
  if (!right.has_value()) {
    return call.refuse(problem("unavailable",
                               "the webhook's secret cannot be read; whoever runs the server sets "
                               "it with 'dyna secret set'"));
  }
  if (!*right) {
    if (api.gate().is_limited(address, now)) {
      return call.refuse(
          problem("too_many_requests", "too many refused requests from this address"));
    }
    api.gate().failed(address, now);
    return call.refuse(denied());
  }
  const TriggerSpec& trigger = *hook->trigger;
  if (trigger.disabled) {
    return call.refuse(problem("unavailable", "the trigger is disabled; try again later"));
  }
  auto payload = payload_of(call.request);
  if (auto* refused = std::get_if<Problem>(&payload)) return call.refuse(*refused);
  EventRequest event{call.ns(), call.value("flow"), trigger.id, {}, address, {}, {}};
  event.payload = std::move(std::get<std::string>(payload));
  auto id = id_of(*api.parts().evaluator, trigger, call.request, event.payload, now);
  if (!id.has_value()) return call.refuse(id.error());
  event.event_id = std::move(*id);
  auto kept = std::make_shared<Call>(std::move(call));
  if (trigger.webhook.wait > 0) {
    send_and_wait(api, std::move(kept), std::move(event), trigger.webhook.wait);
  } else {
    send_and_answer(api, std::move(kept), std::move(event));
  }
}

}  // namespace cordyna::server
