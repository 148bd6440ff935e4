#include "cerebro/ticker.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "base/check.hpp"
#include "model/run_fields.hpp"
#include "schedule/catch_up.hpp"

namespace cordyna {
namespace {

// Runs that one step starts before it lets go, in round numbers: one transaction holds them all.
constexpr std::size_t kRunsPerStep = 1000;

TickRow row_of(const Flow& flow, const TriggerSpec& trigger, Millis now) {
  TickRow row;
  row.ns = flow.ns;
  row.flow_id = flow.id;
  row.trigger = trigger.id;
  row.at = now;
  return row;
}

}  // namespace

Result<> Ticker::keep(Millis now, const std::vector<KeptTrigger>& triggers, ChangeSet& out) {
  CHECK(triggers.empty() || (ports_.inputs && ports_.make_id));
  std::vector<Kept> kept;
  kept.reserve(triggers.size());
  ChangeSet begun;
  for (const KeptTrigger& what : triggers) {
    TRY_ASSIGN(Kept one, make(now, what, out, begun));
    kept.push_back(std::move(one));
  }
  out.ticks.insert(out.ticks.end(), begun.ticks.begin(), begun.ticks.end());
  kept_ = std::move(kept);
  due_.clear();
  behind_ = false;
  for (std::size_t i = 0; i < kept_.size(); ++i) arm(i);
  return {};
}

Result<Ticker::Kept> Ticker::make(Millis now, const KeptTrigger& what, const ChangeSet& staged,
                                  ChangeSet& out) {
  const Flow& flow = *what.flow;
  const TriggerSpec& spec = flow.triggers.at(what.trigger);
  auto schedule = schedule::Schedule::of(spec);
  if (!schedule.has_value()) {
    return fail(fmt::format("trigger '{}' of flow '{}'", spec.id, flow.id), schedule.error());
  }
  Kept kept{what, std::move(*schedule), schedule::delay_of(spec, flow.ns, flow.id), now};
  // One that this very step begins anew is not in the store yet.
  const bool begins = std::ranges::any_of(staged.ticks, [&](const TickRow& tick) {
    return tick.ns == flow.ns && tick.flow_id == flow.id && tick.trigger == spec.id;
  });
  if (begins) return kept;
  TickFilter newest{flow.ns, flow.id, spec.id, 0, 1};
  TRY_ASSIGN(const std::vector<TickRow> ticks, store_.list_ticks(newest));
  if (!ticks.empty()) {
    kept.last = ticks.front().scheduled_for;
    return kept;
  }
  TickRow row = row_of(flow, spec, now);
  row.state = TickState::kBegun;
  row.scheduled_for = row.first = now;
  out.ticks.push_back(std::move(row));
  return kept;
}

void Ticker::arm(std::size_t index) {
  const Kept& kept = kept_[index];
  const auto next = kept.times.next(kept.last);
  if (next.has_value()) due_.emplace(*next + kept.delay, index);
}

bool Ticker::keeps(std::string_view ns, std::string_view flow_id) const {
  return std::ranges::any_of(kept_, [&](const Kept& kept) {
    return kept.what.flow->ns == ns && kept.what.flow->id == flow_id;
  });
}

std::vector<KeptTrigger> Ticker::kept() const {
  std::vector<KeptTrigger> all;
  all.reserve(kept_.size());
  for (const Kept& one : kept_) all.push_back(one.what);
  return all;
}

std::optional<Millis> Ticker::next() const {
  if (due_.empty()) return std::nullopt;
  return due_.begin()->first;
}

void Ticker::advance(Millis now, const Starter& start, ChangeSet& out) {
  std::size_t runs = 0;
  while (!due_.empty() && due_.begin()->first <= now && runs < kRunsPerStep) {
    const std::size_t index = due_.begin()->second;
    due_.erase(due_.begin());
    runs += fire(now, kept_[index], start, out);
    arm(index);
  }
  behind_ = !due_.empty() && due_.begin()->first <= now;
}

std::size_t Ticker::fire(Millis now, Kept& kept, const Starter& start, ChangeSet& out) {
  const Flow& flow = *kept.what.flow;
  const TriggerSpec& spec = kept.spec();
  const schedule::TickPlan plan =
      schedule::plan_ticks(kept.times, spec.catch_up, spec.window, kept.last, now - kept.delay);
  CHECK(!plan.skipped.empty() || !plan.runs.empty());
  for (const schedule::Skipped& skipped : plan.skipped) {
    TickRow row = row_of(flow, spec, now);
    row.state = TickState::kSkipped;
    row.first = skipped.first;
    row.scheduled_for = kept.last = skipped.last;
    row.count = skipped.count;
    row.detail = skipped.reason;
    out.ticks.push_back(std::move(row));
  }
  for (const schedule::Tick& tick : plan.runs) {
    TickRow row = row_of(flow, spec, now);
    row.scheduled_for = row.first = kept.last = tick.at;
    row.count = 1;
    const auto run = begin(now, kept, {spec.id, tick.at, tick.interval_from}, start);
    row.state = run.has_value() ? TickState::kRun : TickState::kError;
    if (run.has_value()) {
      row.run = *run;
    } else {
      row.detail = run.error().message;
    }
    out.ticks.push_back(std::move(row));
  }
  return plan.runs.size();
}

Result<RunNo> Ticker::begin(Millis now, const Kept& kept, Scheduled scheduled,
                            const Starter& start) {
  engine::RunStart run;
  run.id = ports_.make_id(now);
  const std::string context =
      fmt::format(R"({{"run":{{{}}}}})", run_fields(run.id, now, scheduled));
  TRY_ASSIGN(run.inputs, ports_.inputs(*kept.what.flow, kept.spec(), context));
  run.flow = kept.what.flow;
  run.canonical = kept.what.canonical;
  run.scheduled = std::move(scheduled);
  return start(std::move(run));
}

}  // namespace cordyna
