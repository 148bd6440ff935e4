#include "engine/engine.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "base/check.hpp"

namespace cordyna::engine {

void Decision::clear() {
  changes.clear();
  cancels.clear();
  adoptions.clear();
  starts.clear();
  ended.clear();
}

Engine::Engine(std::uint32_t slots, const Evaluator& evaluator) : evaluator_(&evaluator) {
  CHECK(slots >= 1);
  shared_.slots = slots;
}

Result<> Engine::start_run(Millis now, RunStart start, Decision& out) {
  const RunNo no = start.no;
  if (runs_.contains(no))
    return fail(ErrorCode::kConflict, fmt::format("run {} exists already", no));
  Step s = step(now, out);
  const bool rerun = start.rerun_of != 0;
  runs_.emplace(no, std::make_unique<RunMachine>(s, std::move(start)));
  if (rerun) {
    busy_.push_back(no);  // settled once: all of its main tasks may have been taken over
  } else {
    note_work(no);
  }
  return {};
}

Result<> Engine::restore_run(Millis now, RunSnapshot snapshot, std::shared_ptr<const Flow> flow,
                             Decision& out) {
  const RunNo no = snapshot.run.no;
  if (runs_.contains(no))
    return fail(ErrorCode::kConflict, fmt::format("run {} is live already", no));
  if (is_final(snapshot.run.state)) {
    return fail(ErrorCode::kConflict,
                fmt::format("run {} has ended: {}", no, to_string(snapshot.run.state)));
  }
  Step s = step(now, out);
  runs_.emplace(no, std::make_unique<RunMachine>(s, std::move(snapshot), std::move(flow)));
  restored_.push_back(no);
  return {};
}

Result<> Engine::cancel_run(Millis now, RunNo run, Decision& out) {
  const auto found = runs_.find(run);
  if (found == runs_.end()) return fail(ErrorCode::kNotFound, fmt::format("no live run {}", run));
  Step s = step(now, out);
  found->second->cancel(s);
  note_work(run);
  return {};
}

Result<> Engine::decide(Millis now, RunNo run, const HoldDecision& decision, Decision& out) {
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

void Engine::advance(Millis now, Decision& out) {
  Step s = step(now, out);
  while (const auto timer = shared_.timers.pop_due(now)) {
    const auto found = runs_.find(timer->run);
    if (found == runs_.end()) continue;
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
  hand_out(s);
  drop_ended(out);
}

void Engine::hand_out(Step& step) {
  while (shared_.slots_used < shared_.slots && !shared_.slot_queue.empty()) {
    const SlotRequest request = shared_.slot_queue.pop();
    const auto found = runs_.find(request.run);
    if (found != runs_.end()) (void)found->second->hand_out(step, request.task);
  }
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
  const auto found = runs_.find(run);
  if (found != runs_.end()) found->second->explain(now, shared_, blockers);
  return blockers;
}

}  // namespace cordyna::engine
