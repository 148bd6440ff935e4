// Task servers: their messages over HTTP and WebSockets, and what is known of them.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "base/text.hpp"
#include "server/api/routes.hpp"
#include "server/http/websocket_upgrade.hpp"
#include "server/tasks/http_links.hpp"
#include "server/tasks/socket_link.hpp"
#include "server/tasks/task_log.hpp"

namespace cordyna::server {
namespace {

constexpr std::int64_t kWaitSeconds = 30;

Problem no_task_servers() {
  return problem("unavailable", "this server takes no task servers");
}

void append_text(std::string& out, std::string_view name, std::string_view text) {
  if (text.empty()) return;
  out += fmt::format(",\"{}\":", name);
  append_json(out, text);
}

void append_server(std::string& out, const network::ServerStatus& status) {
  out += fmt::format(R"({{"team":"{}","server":"{}","state":"{}","level":{})", status.name.team,
                     status.name.server, to_string(status.state), status.level);
  append_text(out, "sdk", status.sdk);
  append_text(out, "address", status.address);
  if (status.seen_at > 0) append_text(out, "seen_at", format_timestamp(status.seen_at));
  if (status.since > 0) append_text(out, "since", format_timestamp(status.since));
  out += fmt::format(R"(,"reconnects":{},"revision":{},"tasks":[)", status.reconnects,
                     status.revision);
  for (std::size_t i = 0; i < status.tasks.size(); ++i) {
    out += fmt::format("{}\"{}\"", i == 0 ? "" : ",", status.tasks[i]);
  }
  out += "],\"slots\":{";
  for (bool first = true; const auto& [slot_class, slots] : status.slots) {
    out += std::exchange(first, false) ? "" : ",";
    append_json(out, slot_class);
    out += fmt::format(":{}", slots);
  }
  out += "},\"in_flight\":[";
  for (std::size_t i = 0; i < status.in_flight.size(); ++i) {
    const AttemptKey& key = status.in_flight[i];
    out += fmt::format(R"({}{{"run":{},"attempt":{},"task":)", i == 0 ? "" : ",", key.run,
                       key.attempt);
    append_json(out, key.path);
    out += '}';
  }
  out += "]}";
}

}  // namespace

void post_task_events(Api& api, Call& call) {
  if (api.task_links() == nullptr) return call.refuse(no_task_servers());
  const std::string type = http::media_type(call.request.headers);
  if (type != "application/json" && type != "application/cloudevents+json" &&
      type != "application/cloudevents-batch+json") {
    return call.refuse(problem("unsupported_type",
                               "the body is JSON: application/cloudevents+json, "
                               "application/cloudevents-batch+json or application/json"));
  }
  api.task_links()->post(call.caller, call.request.address, std::move(call.request.body),
                         std::move(call.respond));
}

void fetch_task_commands(Api& api, Call& call) {
  if (api.task_links() == nullptr) return call.refuse(no_task_servers());
  const auto name = network::parse_server(call.query_value("server").value_or(""));
  if (!name.has_value()) {
    return call.refuse(problem("bad_request", "server: must be TEAM/SERVER, as in orders/etl-1"));
  }
  if (!call.caller.speaks_for(name->team)) {
    return call.refuse(problem("forbidden", "the credential is not of this task server"));
  }
  api.task_links()->fetch(call.caller, call.request.address, *name,
                          1000 * call.query_number("wait", kWaitSeconds), std::move(call.respond));
}

void open_task_socket(Api& api, Call& call) {
  if (api.parts().task_servers == nullptr) return call.refuse(no_task_servers());
  switch (upgrade_asked(call.request)) {
    case UpgradeAsked::kWebSocket: break;
    case UpgradeAsked::kOtherVersion: {
      HttpResponse response{426, {{"Sec-WebSocket-Version", "13"}}, {}};
      return call.answer(std::move(response));
    }
    case UpgradeAsked::kNone:
    case UpgradeAsked::kMalformed:
      return call.refuse(problem("bad_request", "this address is for WebSockets alone (RFC 6455)"));
  }
  if (!offers_protocol(call.request, kTaskProtocol)) {
    return call.refuse(
        problem("bad_request", fmt::format("Sec-WebSocket-Protocol must have {}", kTaskProtocol)));
  }
  auto place = api.count_session(call.caller.token);
  if (place == nullptr) {
    return call.refuse(
        problem("too_many_requests",
                "too many sessions are open with this token; close one first, or let "
                "the operator raise limits.sessions"));
  }
  HttpResponse response;
  response.websocket = start_task_socket(*api.parts().task_servers, call.caller,
                                         call.request.address, std::move(place));
  call.answer(std::move(response));
}

void list_task_servers(Api& api, Call& call) {
  if (api.parts().task_servers == nullptr) return call.answer("{\"servers\":[]}");
  auto kept = std::make_shared<Call>(std::move(call));
  api.parts().task_servers->servers([kept](const std::vector<network::ServerStatus>& all) {
    std::string out = "{\"servers\":[";
    for (bool first = true; const network::ServerStatus& status : all) {
      if (!kept->caller.may(Role::kViewer, status.name.team)) continue;
      if (!std::exchange(first, false)) out += ",\n";
      append_server(out, status);
    }
    kept->answer(out + "]}");
  });
}

void list_messages(Api& api, Call& call) {
  const auto run = api.run_of(call);
  if (!run.has_value()) return;
  std::vector<std::string> lines = read_messages_of(api.parts().layout, run->no);
  const bool more = lines.size() > kMessagesShown;
  if (more) lines.pop_back();
  call.answer(fmt::format("{{\"messages\":[{}],\"more\":{}}}", fmt::join(lines, ",\n"), more));
}

}  // namespace cordyna::server
