#include "service/trigger_list.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "base/json_text.hpp"
#include "schedule/catch_up.hpp"
#include "schedule/schedule.hpp"
#include "service/json_fields.hpp"

namespace cordyna {
namespace {

Result<> add_schedule(StoreReader& reader, const TriggerSpec& spec, Millis now,
                      ListedTrigger& out) {
  out.cron = spec.cron;
  out.timezone = spec.timezone;
  const auto schedule = schedule::Schedule::of(spec);
  if (!out.disabled && schedule.has_value()) {
    const Millis delay = schedule::delay_of(spec, out.ns, out.flow_id);
    const auto next = schedule->next(now - delay);
    if (next.has_value()) out.next = *next + delay;
  }
  TRY_ASSIGN(const std::vector<TickRow> ticks,
             reader.list_ticks({out.ns, out.flow_id, spec.id, 0, 1}));
  // That it began is no time at which it was due.
  if (ticks.empty() || ticks.front().state == TickState::kBegun) return {};
  out.last_at = ticks.front().scheduled_for;
  out.last = to_string(ticks.front().state);
  out.last_run = ticks.front().run;
  return {};
}

void add_address(const TriggerSpec& spec, ListedTrigger& out) {
  out.path = fmt::format("/hooks/{}/{}/{}{}", out.ns.empty() ? "_" : out.ns, out.flow_id, spec.id,
                         spec.webhook.path_secret.empty() ? "" : "/KEY");
  out.is_signed = !spec.webhook.signing_secrets.empty();
}

Result<> add_events(StoreReader& reader, const TriggerSpec& spec,
                    const std::vector<OpenEvents>& open, ListedTrigger& out) {
  TRY_ASSIGN(const LastEvent last, reader.last_event(out.ns, out.flow_id, spec.id));
  out.last_event = last.no;
  out.last_at = last.at;
  const auto counts = std::ranges::find_if(open, [&](const OpenEvents& one) {
    return one.ns == out.ns && one.flow_id == out.flow_id && one.trigger == spec.id;
  });
  if (counts == open.end()) return {};
  out.pending = counts->pending;
  out.dead = counts->dead;
  return {};
}

void append_flag(std::string& out, std::string_view name, bool flag) {
  out += fmt::format(",\"{}\":{}", name, flag);
}

}  // namespace

Result<std::vector<ListedTrigger>> triggers_of(StoreReader& reader, const AppliedFlowRow& row,
                                               const Flow& flow,
                                               const std::vector<OpenEvents>& open, Millis now) {
  std::vector<ListedTrigger> found;
  found.reserve(flow.triggers.size());
  for (const TriggerSpec& spec : flow.triggers) {
    ListedTrigger one;
    one.ns = row.ns;
    one.flow_id = row.flow_id;
    one.trigger = spec.id;
    one.type = to_string(spec.type);
    one.description = spec.description;
    one.flow_disabled = row.disabled.at != 0;
    one.disabled = spec.disabled || one.flow_disabled;
    if (spec.type == TriggerType::kWebhook) add_address(spec, one);
    TRY(spec.type == TriggerType::kSchedule ? add_schedule(reader, spec, now, one)
                                            : add_events(reader, spec, open, one));
    found.push_back(std::move(one));
  }
  return found;
}

void append_trigger(std::string& out, const ListedTrigger& trigger) {
  out += fmt::format(R"({{"flow":{},"trigger":{},"type":"{}","disabled":{})",
                     json_string(flow_name(trigger.ns, trigger.flow_id)),
                     json_string(trigger.trigger), trigger.type, trigger.disabled);
  if (trigger.flow_disabled) append_flag(out, "flow_disabled", true);
  append_text(out, "description", trigger.description);
  append_text(out, "cron", trigger.cron);
  append_text(out, "timezone", trigger.timezone);
  append_time(out, "next", trigger.next);
  append_text(out, "path", trigger.path);
  if (!trigger.path.empty()) append_flag(out, "signed", trigger.is_signed);
  append_time(out, "last_at", trigger.last_at);
  append_text(out, "last", trigger.last);
  if (trigger.last_run != 0) out += fmt::format(",\"last_run\":{}", trigger.last_run);
  if (trigger.last_event != 0) out += fmt::format(",\"last_event\":{}", trigger.last_event);
  if (trigger.has_events()) {
    out += fmt::format(",\"pending\":{},\"dead\":{}", trigger.pending, trigger.dead);
  }
  out += '}';
}

}  // namespace cordyna
