// Events: listed, looked at, and what becomes of dead letters.
#include <fmt/format.h>

#include <utility>

#include "server/api/numbered.hpp"
#include "server/api/page.hpp"
#include "server/api/routes.hpp"
#include "service/json.hpp"

namespace cordyna::server {
namespace {

/// Nullopt: the call is refused.
std::optional<EventRow> event_of(Api& api, Call& call) {
  return numbered_row<EventRow>(call, "event",
                                [&api](EventNo no) { return api.reader().find_event(no); });
}

}  // namespace

void list_events(Api& api, Call& call) {
  EventFilter filter;
  filter.ns = call.query_value("namespace");
  if (filter.ns == std::string(kNoNamespace)) filter.ns = "";
  filter.flow_id = call.query_value("flow").value_or("");
  filter.trigger = call.query_value("trigger").value_or("");
  if (const auto state = call.query_value("state")) filter.state = parse_event_state(*state);
  auto page = visible_page(
      call, "events", std::move(filter),
      [&api](const EventFilter& wanted) { return api.reader().list_events(wanted); }, append_event);
  if (page.has_value()) call.answer(std::move(*page));
}

void show_event(Api& api, Call& call) {
  const auto row = event_of(api, call);
  if (row.has_value()) call.answer(event_as_json(*row));
}

void settle_event(Api& api, Call& call) {
  const auto row = event_of(api, call);
  if (!row.has_value()) return;
  SettleRequest request;
  request.no = row->no;
  request.op = call.body.text("op") == "drop" ? EventOp::kDrop : EventOp::kReplay;
  request.by = call.caller.user.empty() ? call.caller.actor : call.caller.user;
  AuditNote note = note_of(call, fmt::format("event {}", row->no), row->ns,
                           fmt::format("{{\"state\":\"{}\"}}", to_string(row->state)),
                           fmt::format("{{\"op\":\"{}\"}}", call.body.text("op")));
  auto kept = std::make_shared<Call>(std::move(call));
  api.cerebro().ask(std::move(request), std::move(note), [kept](Result<std::int64_t> no) {
    if (!no.has_value()) return kept->refuse(no.error());
    kept->answer(fmt::format("{{\"event\":{}}}", *no));
  });
}

}  // namespace cordyna::server
