#include "engine/engine.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "base/check.hpp"
#include "engine/late.hpp"

namespace cordyna::engine {

namespace {

// Runs that one step lets begin before it lets go: one transaction holds all their beginnings.
constexpr std::size_t kAdmitMax = 100;

std::string limit_text(const Concurrency& limit, const std::string& key) {
  return fmt::format("the flow's concurrency is {} run{} at a time{}", limit.limit,
                     limit.limit == 1 ? "" : "s",
                     limit.key.empty() ? "" : fmt::format(" for the key '{}'", key));
}

/// Which runs are in the way of one, and by which limit.
std::string way_text(const std::vector<RunNo>& runs, const Concurrency& limit,
                     const std::string& key) {
  CHECK(!runs.empty());
  const std::string which =
      runs.size() == 1
          ? fmt::format("run {} is in its way", runs.front())
          : fmt::format("{} runs are in its way, the first is {}", runs.size(), runs.front());
  return which + ", and " + limit_text(limit, key);
}

}  // namespace

void Decision::clear() {
  changes.clear();
  cancels.clear();
  adoptions.clear();
  starts.clear();
  ended.clear();
}

Engine::Engine(Limits limits, const Evaluator& evaluator)
    : evaluator_(&evaluator), shared_(std::move(limits)) {}

void Engine::know(Millis now, const Surroundings& around) {
  for (const RunRow& run : around.runs) shared_.admission.note(run);
  for (const AttemptRow& attempt : around.holders) shared_.slots.know_holder(attempt);
  for (const Surroundings::Starts& starts : around.starts) {
    // Where the clock was set back, nothing that was is yet to come.
    for (const Millis at : starts.at) shared_.slots.know_start(starts.pool, std::min(at, now));
  }
}

Result<> Engine::start_run(Millis now, RunStart start, Decision& out) {
  const RunNo no = start.no;
  if (has_run(no)) return fail(ErrorCode::kConflict, fmt::format("run {} exists already", no));
  Step s = step(now, out);
  RunRow row = row_of(start, now);
  TRY_ASSIGN(start.concurrency_key, concurrency_key(*start.flow, row, *evaluator_));
  row.concurrency_key = start.concurrency_key;
  const Entry entry = shared_.admission.judge(row, start.flow->concurrency);
  if (entry == Entry::kWaits) {
    wait_for_turn(s, std::move(row), std::move(start));
    return {};
  }
  if (entry == Entry::kIsSkipped) {
    skip(s, std::move(row), std::move(start));
    return {};
  }
  const bool rerun = start.rerun_of != 0;
  runs_.emplace(no, std::make_unique<RunMachine>(s, std::move(start)));
  if (rerun) {
    busy_.push_back(no);  // settled once: all of its main tasks may have been taken over
  } else {
    note_work(no);
  }
  return {};
}

/// It ends before it has begun, and says what was in its way.
void Engine::skip(Step& step, RunRow row, RunStart start) {
  std::string detail = "skipped: " + way_text(shared_.admission.in_the_way(row),
                                              start.flow->concurrency, row.concurrency_key);
  row.state = RunState::kCancelled;
  row.ended_at = step.now;
  step.out.ended.push_back(row.no);
  (void)record(std::move(row), std::move(start), std::move(detail), step.now, step.out);
}

void Engine::wait_for_turn(Step& step, RunRow row, RunStart start) {
  const auto flow = start.flow;
  const RunNo no = row.no;
  const Concurrency& limit = flow->concurrency;
  std::string detail =
      "waits: " + way_text(shared_.admission.in_the_way(row), limit, row.concurrency_key);
  RunSnapshot rows =
      record(std::move(row), std::move(start), std::move(detail), step.now, step.out);
  shared_.admission.note(rows.run);
  watch_late(shared_.timers, rows.run, *flow);
  const auto& pending = pending_.emplace(no, Pending{std::move(rows), flow}).first->second;
  if (limit.when_full != WhenFull::kCancel) return;
  const std::string why = fmt::format("run {} came, which cancels those before it", no);
  for (const RunNo other : shared_.admission.to_cancel(pending.rows.run, limit.limit)) {
    if (cancel_pending(step, other, why)) continue;
    const auto found = runs_.find(other);
    if (found == runs_.end()) continue;  // `absent` names it
    found->second->cancel(step, why);
    note_work(other);
  }
}

Engine::Absent Engine::absent(RunNo pending) const {
  Absent absent;
  const auto found = pending_.find(pending);
  if (found == pending_.end()) return absent;
  const RunRow& row = found->second.rows.run;
  const Concurrency& limit = found->second.flow->concurrency;
  for (const RunNo other : shared_.admission.in_the_way(row)) {
    if (!has_run(other) && shared_.admission.is_pending(row, other))
      absent.take_up.push_back(other);
  }
  if (limit.when_full != WhenFull::kCancel) return absent;
  for (const RunNo other : shared_.admission.to_cancel(row, limit.limit)) {
    if (!has_run(other)) absent.cancel.push_back(other);
  }
  return absent;
}

bool Engine::cancel_pending(Step& step, RunNo run, std::string detail) {
  const auto found = pending_.find(run);
  if (found == pending_.end()) return false;
  end_pending(found->second.rows, std::move(detail), step.now, step.out);
  shared_.admission.note(found->second.rows.run);
  unwatch_late(shared_.timers, found->second.rows.run, *found->second.flow);
  pending_.erase(found);
  return true;
}

/// Of runs that have not begun.
void Engine::tell_of_late(const Timer& timer, Millis now, Decision& out) const {
  const auto found = pending_.find(timer.run);
  if (timer.kind != TimerKind::kLate || found == pending_.end()) return;
  out.changes.notices.push_back(late_notice(found->second.rows.run, *found->second.flow, now));
}

/// Lets pending runs begin whose turn has come. One that is not here is not passed over: those
/// behind it came later.
void Engine::admit(Step& step) {
  for (std::size_t admitted = 0; admitted < kAdmitMax; ++admitted) {
    const auto turn = shared_.admission.next();
    if (!turn.has_value()) return;
    const auto found = pending_.find(turn->run);
    if (found == pending_.end()) continue;
    const std::uint32_t limit = found->second.flow->concurrency.limit;
    if (limit > 0 && turn->begun >= limit) continue;
    Pending pending = std::move(found->second);
    pending_.erase(found);
    auto machine =
        std::make_unique<RunMachine>(step, std::move(pending.rows), std::move(pending.flow));
    machine->begin(step);  // notes it, so that the group comes again for the next one
    runs_.emplace(turn->run, std::move(machine));
    busy_.push_back(turn->run);  // always settled once: a rerun may have nothing left but its end
  }
}

Result<> Engine::restore_run(Millis now, RunSnapshot snapshot, std::shared_ptr<const Flow> flow,
                             Decision& out) {
  const RunNo no = snapshot.run.no;
  if (has_run(no)) return fail(ErrorCode::kConflict, fmt::format("run {} is live already", no));
  if (is_final(snapshot.run.state)) {
    return fail(ErrorCode::kConflict,
                fmt::format("run {} has ended: {}", no, to_string(snapshot.run.state)));
  }
  Step s = step(now, out);
  shared_.admission.note(snapshot.run);
  if (snapshot.run.state == RunState::kPending) {
    watch_late(shared_.timers, snapshot.run, *flow);
    pending_.emplace(no, Pending{std::move(snapshot), std::move(flow)});
    return {};
  }
  runs_.emplace(no, std::make_unique<RunMachine>(s, std::move(snapshot), std::move(flow)));
  restored_.push_back(no);
  return {};
}

Result<> Engine::cancel_run(Millis now, RunNo run, Decision& out) {
  Step s = step(now, out);
  if (cancel_pending(s, run, "cancelled before it began")) return {};
  const auto found = runs_.find(run);
  if (found == runs_.end()) return fail(ErrorCode::kNotFound, fmt::format("no live run {}", run));
  found->second->cancel(s);
  note_work(run);
  return {};
}

Result<> Engine::decide(Millis now, RunNo run, const HoldDecision& decision, Decision& out) {
  if (pending_.contains(run)) {
    return fail(ErrorCode::kConflict,
                fmt::format("run {} has not begun: no task of it is held", run));
  }
  const auto found = runs_.find(run);
  if (found == runs_.end()) return fail(ErrorCode::kNotFound, fmt::format("no live run {}", run));
  Step s = step(now, out);
  TRY(found->second->decide(s, decision));
  note_work(run);
  return {};
}

void Engine::report(Millis now, const AttemptReport& report, Decision& out) {
  const auto found = runs_.find(report.key.run);
  if (found == runs_.end()) return;
  Step s = step(now, out);
  found->second->report(s, report);
  note_work(report.key.run);
}

std::vector<RunNo> Engine::runs() const {
  std::vector<RunNo> all;
  all.reserve(runs_.size() + pending_.size());
  for (const auto& run : runs_) all.push_back(run.first);
  for (const auto& run : pending_) all.push_back(run.first);
  std::ranges::sort(all);
  return all;
}

void Engine::advance(Millis now, Decision& out) {
  Step s = step(now, out);
  while (const auto timer = shared_.timers.pop_due(now)) {
    const auto found = runs_.find(timer->run);
    if (found == runs_.end()) {
      tell_of_late(*timer, now, out);
      continue;
    }
    found->second->on_timer(s, *timer);
    note_work(timer->run);
  }
  for (const RunNo run : std::exchange(restored_, {})) {
    runs_.at(run)->adopt(s);
    busy_.push_back(run);  // always settled once: it may have nothing left but its end
  }
  std::size_t budget = kSettleMax;
  while (budget > 0 && !busy_.empty()) {
    const RunNo run = busy_.front();
    busy_.pop_front();
    const auto found = runs_.find(run);
    if (found == runs_.end()) continue;
    budget = found->second->settle(s, budget);
    note_work(run);
  }
  admit(s);
  hand_out(s);
  drop_ended(out);
}

void Engine::hand_out(Step& step) {
  const auto is_gone = [this](const SlotRequest& request) {
    const auto found = runs_.find(request.run);
    return found == runs_.end() || !found->second->wants_slot(request.task);
  };
  while (true) {
    shared_.slots.drop_placed(is_gone);
    const auto turn = shared_.slots.next(step.now);
    if (!turn.has_value()) break;
    const auto found = runs_.find(turn->request.run);
    if (found != runs_.end()) (void)found->second->hand_out(step, *turn);
  }
  shared_.slots.each_wait(step.now, [this](Millis at, std::uint32_t pool) {
    shared_.timers.add({at, 0, pool, TimerKind::kPool});
  });
}

void Engine::note_work(RunNo run) {
  const auto found = runs_.find(run);
  if (found == runs_.end() || !found->second->has_work()) return;
  if (std::ranges::find(busy_, run) == busy_.end()) busy_.push_back(run);
}

void Engine::drop_ended(const Decision& out) {
  for (const RunNo run : out.ended) runs_.erase(run);
}

std::vector<Blocker> Engine::why(RunNo run, Millis now) const {
  std::vector<Blocker> blockers;
  const auto pending = pending_.find(run);
  if (pending != pending_.end()) {
    const RunRow& row = pending->second.rows.run;
    const Flow& flow = *pending->second.flow;
    for (const RunNo other : shared_.admission.in_the_way(row)) {
      const bool waits = shared_.admission.is_pending(row, other);
      Blocker blocker{{}, BlockerKind::kConcurrency, {}, row.created_at, 0, flow.owner, other};
      blocker.what =
          fmt::format("run {} {}, and {}", other, waits ? "waits before it" : "has begun",
                      limit_text(flow.concurrency, row.concurrency_key));
      blockers.push_back(std::move(blocker));
    }
    return blockers;
  }
  const auto found = runs_.find(run);
  if (found != runs_.end()) found->second->explain(now, shared_, blockers);
  return blockers;
}

}  // namespace cordyna::engine
