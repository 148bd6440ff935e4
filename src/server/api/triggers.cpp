// The triggers of all applied flows.
#include <utility>

#include "base/json_text.hpp"
#include "server/api/page.hpp"
#include "server/api/routes.hpp"
#include "service/trigger_list.hpp"

namespace cordyna::server {

void list_triggers(Api& api, Call& call) {
  AppliedFilter filter;
  filter.ns = call.query_value("namespace");
  if (filter.ns == std::string(kNoNamespace)) filter.ns = "";
  filter.flow_id = call.query_value("flow").value_or("");
  if (const auto after = call.query_value("after")) {
    const std::size_t slash = after->find('/');
    if (slash != std::string::npos) filter.after_ns = after->substr(0, slash);
    filter.after_id = slash == std::string::npos ? *after : after->substr(slash + 1);
  }
  filter.limit = static_cast<std::uint32_t>(call.query_number("limit", kPageDefault)) + 1;
  auto rows = api.reader().list_applied(filter);
  if (!rows.has_value()) return call.refuse(rows.error());
  const auto open = api.reader().count_open_events(kOpenCounted);
  if (!open.has_value()) return call.refuse(open.error());
  const bool more = rows->size() == filter.limit;
  if (more) rows->pop_back();
  const std::string type = call.query_value("type").value_or("");
  std::string out = "{\"triggers\":[";
  bool first = true;
  for (const AppliedFlowRow& row : *rows) {
    if (!call.caller.may(Role::kViewer, row.ns)) continue;
    const auto version = api.reader().find_flow(row.hash);
    if (!version.has_value()) return call.refuse(version.error());
    const auto flow = api.flows().load(version->canonical, row.folder);
    if (!flow.has_value()) continue;  // of another program; `dyna flows` says so
    const auto triggers = triggers_of(api.reader(), row, **flow, *open, api.now());
    if (!triggers.has_value()) return call.refuse(triggers.error());
    for (const ListedTrigger& one : *triggers) {
      if (!type.empty() && one.type != type) continue;
      if (!std::exchange(first, false)) out += ",\n";
      append_trigger(out, one);
    }
  }
  out += ']';
  if (more) out += ",\"next\":" + json_string(flow_name(rows->back().ns, rows->back().flow_id));
  call.answer(out + '}');
}

}  // namespace cordyna::server
