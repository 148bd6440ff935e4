#include "cli/up_report.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <utility>

#include "base/text.hpp"
#include "service/json.hpp"

namespace cordyna::cli {
namespace {

std::string skipped_text(const TickRow& tick) {
  if (tick.first == tick.scheduled_for) return seconds_text(tick.scheduled_for) + " is skipped";
  const std::string count = tick.count > 0 ? fmt::format("{}", tick.count) : "very many";
  return fmt::format("{} times are skipped, {} to {}", count, seconds_text(tick.first),
                     seconds_text(tick.scheduled_for));
}

}  // namespace

std::string line_of(const TickRow& tick, bool json) {
  if (json) {
    std::string out;
    append_tick(out, tick);
    return out;
  }
  std::string out = fmt::format("{}  {} {}: ", seconds_text(tick.at),
                                flow_name(tick.ns, tick.flow_id), tick.trigger);
  switch (tick.state) {
    case TickState::kBegun: out += "is kept from now on"; break;
    case TickState::kRun:
      out += fmt::format("run {} for {}", tick.run, seconds_text(tick.scheduled_for));
      break;
    case TickState::kSkipped: out += skipped_text(tick); break;
    case TickState::kError:
      out += fmt::format("no run for {}", seconds_text(tick.scheduled_for));
      break;
  }
  if (tick.state == TickState::kSkipped) out += fmt::format(" ({})", tick.detail);
  if (tick.state == TickState::kError) out += ": " + printable(tick.detail);
  return out;
}

std::string line_of(const RunRow& run, Millis now, bool json) {
  // That it began is told by its tick, or by who asked for it; later only what changes.
  if (run.from == run.state ||
      (run.state == RunState::kRunning && run.from.has_value() && *run.from != RunState::kPaused)) {
    return {};
  }
  if (!run.from.has_value() && !run.scheduled.trigger.empty() && !is_final(run.state)) return {};
  if (json) {
    std::string out =
        fmt::format("{{\"at\":\"{}\",\"run\":{},\"flow\":", format_timestamp(now), run.no);
    append_json(out, flow_name(run.ns, run.flow_id));
    return out + fmt::format(",\"state\":\"{}\"}}", to_string(run.state));
  }
  std::string out = fmt::format("{}  {} run {}: {}", seconds_text(now),
                                flow_name(run.ns, run.flow_id), run.no, to_string(run.state));
  const bool begun = run.started_at > 0;  // else it was skipped, or cancelled while it was pending
  if (is_final(run.state) && begun) out += " in " + format_delay(run.ended_at - run.started_at);
  if (is_final(run.state) && !begun)
    out += fmt::format(" before it began; dyna why {} says more", run.no);
  if (run.state == RunState::kPending) out += fmt::format("; dyna why {} says for what", run.no);
  if (run.error.has_value()) out += ": " + printable(run.error->message);
  if (run.state == RunState::kPaused) out += fmt::format("; dyna why {} says for whom", run.no);
  return out;
}

std::string line_of(const AppliedFlowRow& row, Millis now, bool json) {
  const bool removed = row.removed_at != 0;
  if (json) {
    std::string out = fmt::format("{{\"at\":\"{}\",\"flow\":", format_timestamp(now));
    append_json(out, flow_name(row.ns, row.flow_id));
    return out + fmt::format(",\"version\":{},\"action\":\"{}\"}}", row.version,
                             removed ? "removed" : "applied");
  }
  return fmt::format("{}  {}: version {} is {}{}", seconds_text(now),
                     printable(flow_name(row.ns, row.flow_id)), row.version,
                     removed ? "removed" : "applied",
                     row.disabled.at != 0 && !removed ? ", and the flow is disabled" : "");
}

std::string line_of(const FlowSwitch& what, Millis now, bool json) {
  const std::string name = flow_name(what.ns, what.flow_id);
  const std::string_view word = what.enabled ? "enabled" : "disabled";
  if (json) {
    std::string out = fmt::format("{{\"at\":\"{}\",\"flow\":", format_timestamp(now));
    append_json(out, name);
    out += fmt::format(",\"action\":\"{}\",\"by\":", word);
    append_json(out, what.by);
    out += ",\"reason\":";
    append_json(out, what.reason);
    return out + "}";
  }
  return fmt::format("{}  {}: is {} by {}{}{}", seconds_text(now), printable(name), word,
                     printable(what.by), what.reason.empty() ? "" : ": ", printable(what.reason));
}

std::string line_of(const InputStatus& status, bool json) {
  if (json) {
    std::string out = fmt::format("{{\"at\":\"{}\",\"input\":", format_timestamp(status.since));
    append_json(out, status.name());
    out += fmt::format(",\"state\":\"{}\"", to_string(status.state));
    if (!status.problem.empty()) {
      out += ",\"detail\":";
      append_json(out, status.problem);
    }
    return out + "}";
  }
  std::string out = fmt::format("{}  input {}: {}", seconds_text(status.since),
                                printable(status.name()), to_string(status.state));
  if (!status.problem.empty()) out += fmt::format(": {}", printable(status.problem));
  return out;
}

std::string line_of_disk(const std::string& why, Millis now, bool json) {
  const bool full = !why.empty();
  if (json) {
    std::string out = fmt::format("{{\"at\":\"{}\",\"disk\":\"{}\"", format_timestamp(now),
                                  full ? "full" : "has_room");
    if (full) {
      out += ",\"detail\":";
      append_json(out, why);
    }
    return out + "}";
  }
  if (!full) return fmt::format("{}  there is space again: all goes on", seconds_text(now));
  return fmt::format("{}  no new work: {}; it goes on by itself when there is space",
                     seconds_text(now), printable(why));
}

UpReport::UpReport(const Clock& clock, bool json, Say say, std::function<void()> changed)
    : clock_(clock), json_(json), say_(std::move(say)), changed_(std::move(changed)) {}

void UpReport::on_commit(const ChangeSet& changes) {
  const auto is_switched = [&changes](const AppliedFlowRow& row) {
    return std::ranges::any_of(changes.switched, [&row](const FlowSwitch& what) {
      return what.ns == row.ns && what.flow_id == row.flow_id;
    });
  };
  for (const AppliedFlowRow& row : changes.applied) {
    if (!is_switched(row)) say_(line_of(row, clock_.now(), json_));
  }
  for (const FlowSwitch& what : changes.switched) say_(line_of(what, clock_.now(), json_));
  for (const TickRow& tick : changes.ticks) say_(line_of(tick, json_));
  if (changes.runs.empty()) return;
  {
    const std::lock_guard lock(mutex_);
    for (const RunRow& run : changes.runs) {
      if (rests(run.state)) {
        running_.erase(run.no);
      } else {
        running_.insert(run.no);
      }
    }
  }
  const Millis now = clock_.now();
  for (const RunRow& run : changes.runs) {
    std::string line = line_of(run, now, json_);
    if (!line.empty()) say_(std::move(line));
  }
  changed_();
}

void UpReport::on_stopped(const Error& /*error*/) {
  changed_();
}

void UpReport::on_full(const Error& why) {
  say_(line_of_disk(why.message, clock_.now(), json_));
}

void UpReport::on_room() {
  say_(line_of_disk({}, clock_.now(), json_));
}

void UpReport::taken_up(RunNo run) {
  const std::lock_guard lock(mutex_);
  running_.insert(run);
}

std::size_t UpReport::running() const {
  const std::lock_guard lock(mutex_);
  return running_.size();
}

}  // namespace cordyna::cli
