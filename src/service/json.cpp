#include "service/json.hpp"

#include <fmt/format.h>

#include <iterator>

#include "base/text.hpp"
#include "service/git_list.hpp"
#include "service/json_fields.hpp"
#include "service/update.hpp"

namespace cordyna {
namespace {

void append_error(std::string& out, const std::optional<TaskError>& error) {
  if (!error.has_value()) return;
  out += ",\"error\":";
  append_json(out, *error);
}

void append_holders(std::string& out, std::string_view name,
                    const std::vector<engine::SlotHolder>& holders) {
  fmt::format_to(std::back_inserter(out), ",\"{}\":[", name);
  for (const engine::SlotHolder& holder : holders) {
    fmt::format_to(std::back_inserter(out),
                   "{}{{\"run\":{},\"task\":", &holder == holders.data() ? "" : ",", holder.run);
    append_json(out, holder.path);
    out += '}';
  }
  out += ']';
}

}  // namespace

void append_run(std::string& out, const RunRow& run) {
  fmt::format_to(std::back_inserter(out), "{{\"run\":{},\"id\":\"{}\",\"flow\":", run.no,
                 run.id.value);
  append_json(out, run.flow_id);
  out += ",\"namespace\":";
  append_json(out, run.ns);
  fmt::format_to(std::back_inserter(out), ",\"state\":\"{}\"", to_string(run.state));
  if (!run.scheduled.trigger.empty()) {
    out += ",\"trigger\":";
    append_json(out, run.scheduled.trigger);
  }
  append_time(out, "scheduled_for", run.scheduled.at);
  if (run.rerun_of > 0) fmt::format_to(std::back_inserter(out), ",\"rerun_of\":{}", run.rerun_of);
  if (!run.backfill.empty()) out += ",\"backfill\":" + run.backfill;
  append_parent(out, run);
  append_time(out, "created_at", run.created_at);
  append_time(out, "started_at", run.started_at);
  append_time(out, "ended_at", run.ended_at);
  if (run.ended_at > 0 && run.started_at > 0) {
    fmt::format_to(std::back_inserter(out), ",\"duration_ms\":{}", run.ended_at - run.started_at);
  }
  fmt::format_to(std::back_inserter(out), ",\"warnings\":{},\"cancel_requested\":{}", run.warnings,
                 run.cancel_requested);
  out += ",\"inputs\":" + (run.inputs.empty() ? std::string("{}") : run.inputs);
  if (!run.outputs.empty()) out += ",\"outputs\":" + run.outputs;
  if (run.error.has_value()) {
    out += ",\"error\":";
    append_json(out, *run.error);
  }
  out += '}';
}

void append_parent(std::string& out, const RunRow& run) {
  if (run.parent == 0) return;
  fmt::format_to(std::back_inserter(out), R"(,"parent":{{"run":{},"task":)", run.parent);
  append_json(out, run.parent_path);
  out += '}';
}

void append_task(std::string& out, const TaskRow& task) {
  out += "{\"task\":";
  append_json(out, task.path);
  fmt::format_to(std::back_inserter(out), ",\"state\":\"{}\",\"attempt\":{},\"warnings\":{}",
                 to_string(task.state), task.attempt, task.warnings);
  append_time(out, "first_at", task.first_at);
  append_time(out, "ended_at", task.ended_at);
  append_time(out, "retry_at", task.retry_at);
  append_text(out, "blocked_by", task.blocked_by);
  if (!task.outputs.empty()) out += ",\"outputs\":" + task.outputs;
  append_error(out, task.error);
  out += '}';
}

void append_attempt(std::string& out, const AttemptRow& attempt) {
  out += "{\"task\":";
  append_json(out, attempt.path);
  fmt::format_to(std::back_inserter(out), ",\"attempt\":{},\"state\":\"{}\"", attempt.attempt,
                 to_string(attempt.state));
  append_time(out, "created_at", attempt.created_at);
  append_time(out, "dispatched_at", attempt.dispatched_at);
  append_time(out, "acknowledged_at", attempt.acknowledged_at);
  append_time(out, "started_at", attempt.started_at);
  append_time(out, "ended_at", attempt.ended_at);
  append_time(out, "deadline_at", attempt.deadline_at);
  append_text(out, "pool", attempt.pool);
  append_text(out, "place", attempt.place.place);
  append_error(out, attempt.error);
  out += '}';
}

void append_hold(std::string& out, const HoldRow& hold) {
  out += "{\"task\":";
  append_json(out, hold.path);
  fmt::format_to(std::back_inserter(out), ",\"state\":\"{}\",\"attempt\":{}", to_string(hold.state),
                 hold.attempt);
  append_text(out, "reason", hold.reason);
  append_text(out, "by", hold.by);
  append_text(out, "note", hold.note);
  append_time(out, "held_at", hold.held_at);
  append_time(out, "decided_at", hold.decided_at);
  out += '}';
}

void append_tick(std::string& out, const TickRow& tick) {
  out += fmt::format("{{\"at\":\"{}\",\"tick\":\"{}\",\"flow\":", format_timestamp(tick.at),
                     to_string(tick.state));
  append_json(out, flow_name(tick.ns, tick.flow_id));
  out += ",\"trigger\":";
  append_json(out, tick.trigger);
  fmt::format_to(std::back_inserter(out), ",\"scheduled_for\":\"{}\"",
                 format_timestamp(tick.scheduled_for));
  if (tick.state == TickState::kRun)
    fmt::format_to(std::back_inserter(out), ",\"run\":{}", tick.run);
  if (tick.state == TickState::kSkipped) {
    fmt::format_to(std::back_inserter(out), ",\"first\":\"{}\",\"count\":{}",
                   format_timestamp(tick.first), tick.count);
  }
  if (!tick.detail.empty()) {
    out += ",\"detail\":";
    append_json(out, tick.detail);
  }
  out += '}';
}

void append_notice(std::string& out, const NoticeRow& notice) {
  fmt::format_to(std::back_inserter(out), "{{\"notice\":{},\"id\":", notice.no);
  append_json(out, notice.id);
  append_time(out, "at", notice.at);
  fmt::format_to(std::back_inserter(out), ",\"kind\":\"{}\",\"team\":", to_string(notice.kind));
  append_json(out, notice.team);
  append_text(out, "cause", notice.cause);
  if (notice.flow_id.empty()) {
    append_text(out, "namespace", notice.ns);
  } else {
    append_text(out, "flow", flow_name(notice.ns, notice.flow_id));
  }
  if (notice.run > 0) fmt::format_to(std::back_inserter(out), ",\"run\":{}", notice.run);
  append_text(out, "task", notice.path);
  append_text(out, "code", notice.code);
  append_text(out, "description", notice.text);
  out += '}';
}

void append_event(std::string& out, const EventRow& event) {
  fmt::format_to(std::back_inserter(out), "{{\"event\":{},\"id\":", event.no);
  append_json(out, event.event_id);
  out += ",\"flow\":";
  append_json(out, flow_name(event.ns, event.flow_id));
  out += ",\"trigger\":";
  append_json(out, event.trigger);
  fmt::format_to(std::back_inserter(out), ",\"state\":\"{}\"", to_string(event.state));
  append_time(out, "at", event.at);
  append_time(out, "settled_at", event.settled_at);
  if (event.run > 0) fmt::format_to(std::back_inserter(out), ",\"run\":{}", event.run);
  append_text(out, "source", event.source);
  append_text(out, "detail", event.detail);
  if (event.tries > 0) fmt::format_to(std::back_inserter(out), ",\"tries\":{}", event.tries);
  out += '}';
}

std::string event_as_json(const EventRow& event) {
  std::string out;
  append_event(out, event);
  out.pop_back();
  return out + ",\"payload\":" + event.payload + '}';
}

std::string backfill_as_json(const BackfillRow& row, const BackfillCounts& counts) {
  std::string out = fmt::format("{{\"backfill\":{},\"id\":\"{}\",\"flow\":", row.no, row.id);
  append_json(out, row.flow_id);
  out += ",\"namespace\":";
  append_json(out, row.ns);
  if (!row.trigger.empty()) {
    out += ",\"trigger\":";
    append_json(out, row.trigger);
  }
  if (row.every > 0) out += fmt::format(",\"every_ms\":{}", row.every);
  fmt::format_to(std::back_inserter(out),
                 ",\"state\":\"{}\",\"from\":\"{}\",\"to\":\"{}\",\"parallel\":{},"
                 "\"only_missing\":{},\"reverse\":{},\"total\":{},\"started\":{},\"skipped\":{},"
                 "\"refused\":{},\"completed\":{},\"failed\":{},\"cancelled\":{},\"running\":{},"
                 "\"held\":{},\"created_at\":\"{}\"",
                 to_string(row.state), format_timestamp(row.begin), format_timestamp(row.end),
                 row.parallel, row.only_missing, row.newest_first, row.total, row.started,
                 row.skipped, row.refused, counts.well, counts.failed, counts.cancelled,
                 counts.live - counts.held, counts.held, format_timestamp(row.created_at));
  if (row.ended_at > 0) out += ",\"ended_at\":\"" + format_timestamp(row.ended_at) + "\"";
  if (!row.detail.empty()) {
    out += ",\"detail\":";
    append_json(out, row.detail);
  }
  return out + '}';
}

void append_flow(std::string& out, const AppliedFlowRow& flow) {
  out += "{\"flow\":";
  append_json(out, flow_name(flow.ns, flow.flow_id));
  out += ",\"namespace\":";
  append_json(out, flow.ns);
  out += ",\"id\":";
  append_json(out, flow.flow_id);
  fmt::format_to(std::back_inserter(out), ",\"version\":{},\"hash\":\"{}\"", flow.version,
                 flow.hash);
  append_time(out, "applied_at", flow.applied_at);
  append_time(out, "removed_at", flow.removed_at);
  append_text(out, "file", flow.file);
  append_git_place(out, flow.file);
  append_disabling(out, flow.disabled);
  out += '}';
}

void append_disabling(std::string& out, const Disabling& disabled) {
  out += disabled.at == 0 ? ",\"enabled\":true" : ",\"enabled\":false";
  append_time(out, "disabled_at", disabled.at);
  append_text(out, "disabled_by", disabled.by);
  append_text(out, "disabled_reason", disabled.reason);
}

std::string as_json(const FlowSwitch& what) {
  std::string out = what.enabled ? "{\"enabled\":true" : "{\"enabled\":false";
  append_text(out, "reason", what.reason);
  return out + '}';
}

void append_version(std::string& out, const AppliedVersionRow& version, std::int64_t runs) {
  fmt::format_to(std::back_inserter(out), "{{\"version\":{},\"hash\":\"{}\"", version.version,
                 version.hash);
  append_time(out, "applied_at", version.applied_at);
  fmt::format_to(std::back_inserter(out), ",\"runs\":{}", runs);
  append_text(out, "file", version.file);
  append_git_place(out, version.file);
  out += '}';
}

std::string why_as_json(const RunWhy& why) {
  std::string out = fmt::format("{{\"run\":{},\"state\":\"{}\",\"tasks\":[", why.run.no,
                                to_string(why.run.state));
  for (const engine::Blocker& blocker : why.blockers) {
    const auto put = std::back_inserter(out);
    if (&blocker != why.blockers.data()) out += ',';
    out += "{\"task\":";
    append_json(out, blocker.path);
    fmt::format_to(put, ",\"kind\":\"{}\",\"what\":", to_string(blocker.kind));
    append_json(out, blocker.what);
    if (blocker.run > 0) {
      fmt::format_to(put, ",\"run\":{},\"driven\":{}", blocker.run,
                     !why.left.contains(blocker.run));
    }
    if (!blocker.pool.empty()) {
      out += ",\"pool\":";
      append_json(out, blocker.pool);
    }
    for (const std::string& place : blocker.places) {
      out += &place == blocker.places.data() ? ",\"places\":[" : ",";
      append_json(out, place);
    }
    if (!blocker.places.empty()) out += ']';
    if (blocker.since > 0) {
      fmt::format_to(put, ",\"since\":\"{}\"", format_timestamp(blocker.since));
    }
    if (blocker.until > 0) {
      fmt::format_to(put, ",\"until\":\"{}\"", format_timestamp(blocker.until));
    }
    out += ",\"owner\":";
    append_json(out, blocker.owner);
    out += '}';
  }
  out += "]}";
  return out;
}

std::string places_as_json(const std::vector<PlaceUse>& places) {
  std::string out = "{\"places\":[";
  for (const PlaceUse& place : places) {
    const auto put = std::back_inserter(out);
    const PlaceSpec& spec = place.spec;
    out += &place == places.data() ? "{\"place\":" : ",{\"place\":";
    append_json(out, spec.name);
    fmt::format_to(put, ",\"type\":\"{}\",\"cost\":{},\"used\":{}", to_string(spec.type),
                   static_cast<double>(spec.cost_millis) / 1000, place.holders.size());
    if (spec.slots > 0) fmt::format_to(put, ",\"slots\":{}", spec.slots);
    fmt::format_to(put, ",\"cpu_used\":{}", static_cast<double>(place.cpu_millis) / 1000);
    if (spec.cpu_millis > 0) {
      fmt::format_to(put, ",\"cpu\":{}", static_cast<double>(spec.cpu_millis) / 1000);
    }
    fmt::format_to(put, ",\"memory_used\":{}", place.memory_bytes);
    if (spec.memory_bytes > 0) fmt::format_to(put, ",\"memory\":{}", spec.memory_bytes);
    out += ",\"labels\":{";
    for (const auto& [name, value] : spec.labels) {
      if (&name != &spec.labels.front().first) out += ',';
      append_json(out, name);
      out += ':';
      append_json(out, value);
    }
    out += '}';
    append_holders(out, "held_by", place.holders);
    append_holders(out, "waiting", place.waiting);
    out += ",\"description\":";
    append_json(out, spec.description);
    out += '}';
  }
  return out + "]}";
}

std::string pools_as_json(const std::vector<PoolUse>& pools) {
  std::string out = "{\"pools\":[";
  for (const PoolUse& pool : pools) {
    const auto put = std::back_inserter(out);
    out += &pool == pools.data() ? "{\"pool\":" : ",{\"pool\":";
    append_json(out, pool.spec.name);
    if (pool.spec.slots > 0) fmt::format_to(put, ",\"slots\":{}", pool.spec.slots);
    fmt::format_to(put, ",\"used\":{}", pool.holders.size());
    if (pool.spec.rate.count > 0) {
      fmt::format_to(put, ",\"rate\":{{\"count\":{},\"per_ms\":{},\"started\":{}",
                     pool.spec.rate.count, pool.spec.rate.per, pool.started);
      if (pool.next_start > 0) {
        fmt::format_to(put, ",\"next\":\"{}\"", format_timestamp(pool.next_start));
      }
      out += '}';
    }
    append_holders(out, "held_by", pool.holders);
    append_holders(out, "waiting", pool.waiting);
    out += ",\"description\":";
    append_json(out, pool.spec.description);
    out += '}';
  }
  return out + "]}";
}

}  // namespace cordyna
