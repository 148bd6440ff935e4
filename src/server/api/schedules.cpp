// Schedules: when flows are due next, and what became of each time before.
#include <utility>

#include "server/api/page.hpp"
#include "server/api/routes.hpp"
#include "service/json.hpp"
#include "service/next_times.hpp"

namespace cordyna::server {

void list_next_times(Api& api, Call& call) {
  const auto row = api.reader().find_applied(call.ns(), call.value("flow"));
  if (!row.has_value()) return call.refuse(row.error());
  const auto version = api.reader().find_flow(row->hash);
  if (!version.has_value()) return call.refuse(version.error());
  const auto flow = api.flows().load(version->canonical, row->folder);
  if (!flow.has_value()) return call.refuse(flow.error());
  // While the flow is disabled, it is never due.
  const auto schedules = row->disabled.at == 0
                             ? schedules_of(**flow)
                             : Result<std::vector<FlowSchedule>>(std::vector<FlowSchedule>());
  if (!schedules.has_value()) return call.refuse(schedules.error());
  Millis after = call.query_time("after");
  if (after == 0) after = api.now();
  const auto limit = static_cast<std::uint32_t>(call.query_number("limit", 10));
  call.answer(next_times_as_json(**flow, *schedules, next_times_of(*schedules, after, limit)));
}

void list_ticks(Api& api, Call& call) {
  const auto row = api.reader().find_applied(call.ns(), call.value("flow"));
  if (!row.has_value()) return call.refuse(row.error());
  TickFilter filter{call.ns(), call.value("flow"), call.query_value("trigger").value_or(""),
                    call.query_time("before"), 0};
  const auto limit = static_cast<std::uint32_t>(call.query_number("limit", kPageDefault));
  filter.limit = limit + 1;
  const auto ticks = api.reader().list_ticks(filter);
  if (!ticks.has_value()) return call.refuse(ticks.error());
  call.answer(page_as_json("ticks", *ticks, limit, append_tick, [](const TickRow& tick) {
    return format_timestamp(tick.scheduled_for);
  }));
}

}  // namespace cordyna::server
