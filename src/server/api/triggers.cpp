// The triggers of all applied flows.
#include <fmt/format.h>

#include <utility>

#include "base/json_text.hpp"
#include "schedule/catch_up.hpp"
#include "schedule/schedule.hpp"
#include "server/api/page.hpp"
#include "server/api/routes.hpp"

namespace cordyna::server {
namespace {

std::string ns_in_path(const std::string& ns) {
  return ns.empty() ? std::string(kNoNamespace) : ns;
}

void append_schedule(std::string& out, const Flow& flow, const TriggerSpec& spec, Millis now) {
  out += fmt::format(",\"cron\":{},\"timezone\":{}", json_string(spec.cron),
                     json_string(spec.timezone));
  const auto schedule = schedule::Schedule::of(spec);
  if (spec.disabled || !schedule.has_value()) return;
  const Millis delay = schedule::delay_of(spec, flow.ns, flow.id);
  const auto next = schedule->next(now - delay);
  if (next.has_value()) out += fmt::format(",\"next\":\"{}\"", format_timestamp(*next + delay));
}

void append_trigger(std::string& out, const Flow& flow, const TriggerSpec& spec, Millis now) {
  out += fmt::format(R"({{"flow":{},"trigger":{},"type":"{}","disabled":{})",
                     json_string(flow_name(flow.ns, flow.id)), json_string(spec.id),
                     to_string(spec.type), spec.disabled);
  if (!spec.description.empty()) out += ",\"description\":" + json_string(spec.description);
  if (spec.type == TriggerType::kSchedule) {
    append_schedule(out, flow, spec, now);
  } else {
    const WebhookSpec& hook = spec.webhook;
    out += fmt::format(R"(,"path":{},"signed":{})",
                       json_string(fmt::format("/hooks/{}/{}/{}{}", ns_in_path(flow.ns), flow.id,
                                               spec.id, hook.path_secret.empty() ? "" : "/KEY")),
                       !hook.signing_secrets.empty());
  }
  out += '}';
}

}  // namespace

void list_triggers(Api& api, Call& call) {
  AppliedFilter filter;
  filter.ns = call.query_value("namespace");
  if (filter.ns == std::string(kNoNamespace)) filter.ns = "";
  if (const auto after = call.query_value("after")) {
    const std::size_t slash = after->find('/');
    if (slash != std::string::npos) filter.after_ns = after->substr(0, slash);
    filter.after_id = slash == std::string::npos ? *after : after->substr(slash + 1);
  }
  filter.limit = static_cast<std::uint32_t>(call.query_number("limit", kPageDefault)) + 1;
  auto rows = api.reader().list_applied(filter);
  if (!rows.has_value()) return call.refuse(rows.error());
  const bool more = rows->size() == filter.limit;
  if (more) rows->pop_back();
  std::string out = "{\"triggers\":[";
  bool first = true;
  for (const AppliedFlowRow& row : *rows) {
    if (!call.caller.may(Role::kViewer, row.ns)) continue;
    const auto version = api.reader().find_flow(row.hash);
    if (!version.has_value()) return call.refuse(version.error());
    const auto flow = api.flows().load(version->canonical, row.folder);
    if (!flow.has_value()) continue;  // of another program; `dyna flows` says so
    for (const TriggerSpec& spec : (*flow)->triggers) {
      if (!std::exchange(first, false)) out += ",\n";
      append_trigger(out, **flow, spec, api.now());
    }
  }
  out += ']';
  if (more) out += ",\"next\":" + json_string(flow_name(rows->back().ns, rows->back().flow_id));
  call.answer(out + '}');
}

}  // namespace cordyna::server
