#include "engine/why.hpp"

#include <fmt/format.h>

#include <array>
#include <utility>

#include "engine/run_machine.hpp"
#include "model/task_server.hpp"

namespace cordyna::engine {

namespace {

// So many are named; of more, how many.
constexpr std::size_t kHoldersNamed = 5;

}  // namespace

std::string_view to_string(BlockerKind kind) {
  static constexpr std::array kNames{std::string_view("upstream"),
                                     std::string_view("section"),
                                     std::string_view("slot"),
                                     std::string_view("pool"),
                                     std::string_view("rate"),
                                     std::string_view("retry_at"),
                                     std::string_view("previous_attempt"),
                                     std::string_view("running"),
                                     std::string_view("blocked"),
                                     std::string_view("paused"),
                                     std::string_view("time"),
                                     std::string_view("condition"),
                                     std::string_view("concurrency"),
                                     std::string_view("place"),
                                     std::string_view("server")};
  return kNames[static_cast<std::size_t>(kind)];
}

/// Nothing before the task holds it up: it waits for a slot, of its pool or of the machine.
void RunMachine::explain_slot(TaskIndex task, Millis now, Millis since, const Slots& slots,
                              std::vector<Blocker>& blockers) const {
  const TaskSpec& spec = spec_of(task);
  const PoolState* pool = slots.find(spec.pool);
  Blocker blocker{path_of(task), BlockerKind::kSlot, {}, since, 0, flow_->owner, 0, spec.pool};
  if (pool != nullptr && pool->full() && is_line(spec.pool)) {
    blocker.kind = BlockerKind::kServer;
    blocker.what = pool->spec.slots == 0
                       ? fmt::format("task server '{}' is not ready", server_of_line(spec.pool))
                       : fmt::format("task server '{}' has all of its {} slots taken, by {}",
                                     server_of_line(spec.pool), pool->spec.slots,
                                     holders_text(pool->holders, kHoldersNamed));
  } else if (pool != nullptr && pool->full()) {
    blocker.kind = BlockerKind::kPool;
    blocker.what = fmt::format("pool '{}' is full: {} of {} slots, held by {}", spec.pool,
                               pool->holders.size(), pool->spec.slots,
                               holders_text(pool->holders, kHoldersNamed));
  } else if (pool != nullptr && pool->next_start() > now) {
    blocker.kind = BlockerKind::kRate;
    blocker.until = pool->next_start();
    blocker.what = fmt::format("pool '{}' has had its {} starts per {}", spec.pool,
                               pool->spec.rate.count, format_delay(pool->spec.rate.per));
  } else if (slots.places().counts(spec.place)) {
    blocker.kind = BlockerKind::kPlace;
    blocker.what = slots.places().explain(spec.place);
    for (const std::uint32_t could : slots.places().fitting(spec.place)) {
      blocker.places.push_back(slots.places().all()[could].spec.name);
    }
  } else {
    blocker.what = fmt::format("{} of {} slots are taken", slots.used(), slots.size());
  }
  blockers.push_back(std::move(blocker));
}

namespace {

/// The one that waits to be made: a new one, or one that came back.
std::string next_attempt(const AttemptLive& live) {
  return fmt::format("attempt {}", live.row.attempt + (live.came_back() ? 0 : 1));
}

std::string what_runs(const TaskSpec& spec, const AttemptRow& attempt, const Places& places) {
  if (spec.kind == TaskKind::kRun) return "a run of flow " + spec.subflow.name();
  std::string text(to_string(attempt.state));
  if (!attempt.place.place.empty()) text += ' ' + places.reason(attempt.place.place, spec.place);
  return text;
}

}  // namespace

void RunMachine::explain(Millis now, const Shared& shared, std::vector<Blocker>& blockers) const {
  for (TaskIndex task = 0; task < tasks_.size(); ++task) {
    const TaskSpec& spec = spec_of(task);
    const TaskLive& state = tasks_[task];
    const auto say = [&](BlockerKind kind, std::string what, Millis since, Millis until = 0,
                         const std::string* owner = nullptr) {
      blockers.push_back({path_of(task), kind, std::move(what), since, until,
                          owner == nullptr ? spec.owner : *owner});
    };
    if (state.state == TaskState::kBlocked) {
      const TaskIndex root = find(blocked_by_.at(task));
      say(BlockerKind::kBlocked, blocked_by_.at(task), state.ended_at, 0,
          root == kNoTask ? nullptr : &spec_of(root).owner);
    }
    if (is_final(state.state)) continue;
    if (state.held) {
      const HoldRow& hold = holds_.at(task);
      const bool ends = spec.wait.what == WaitFor::kPerson && spec.timeout > 0;
      say(BlockerKind::kPaused, hold.reason, hold.held_at, ends ? hold.held_at + spec.timeout : 0);
      continue;
    }
    const auto live = live_.find(task);
    if (live != live_.end() && live->second.row.attempt > 0) {
      const AttemptRow& row = live->second.row;
      const Millis until = live->second.retry_at;
      if (live->second.is_out()) {
        say(BlockerKind::kRunning, what_runs(spec, row, shared.slots.places()),
            row.started_at > 0 ? row.started_at : row.dispatched_at, row.deadline_at);
      } else if (!row.known_dead) {
        say(BlockerKind::kPreviousAttempt, fmt::format("attempt {}", row.attempt), row.ended_at);
      } else if (spec.wait.what != WaitFor::kNothing &&
                 (spec.kind == TaskKind::kEngine || until > now)) {
        explain_wait(task, now, blockers);
      } else if (until > now) {
        say(BlockerKind::kRetryAt, next_attempt(live->second), row.ended_at, until);
      } else {
        explain_slot(task, now, std::max(until, row.ended_at), shared.slots, blockers);
      }
      continue;
    }
    if (is_open(task)) {  // it is as its tasks are
      const auto loop = loops_.find(task);
      say(BlockerKind::kRunning,
          loop != loops_.end() ? loop->second.progress()
                               : fmt::format("case '{}'", spec.choice.cases[chosen_.at(task)]),
          run_.started_at);
      continue;
    }
    if (!section_open(task)) {
      say(BlockerKind::kSection, "the tasks before it", run_.started_at, 0, &flow_->owner);
      continue;
    }
    Millis since = run_.started_at;
    bool waits = false;
    for (const TaskIndex need : spec.needs) {
      const TaskIndex up = beside(task, need);
      since = std::max(since, tasks_[up].ended_at);
      if (is_final(tasks_[up].state)) continue;
      waits = true;
      say(BlockerKind::kUpstream, path_of(up), run_.started_at, 0, &spec_of(up).owner);
    }
    const TaskIndex outer = outer_of(task);
    if (outer != kNoTask && tasks_[outer].state == TaskState::kPending) {
      say(BlockerKind::kUpstream, path_of(outer), run_.started_at, 0, &spec_of(outer).owner);
      continue;
    }
    if (waits) continue;
    explain_slot(task, now, since, shared.slots, blockers);
  }
}

}  // namespace cordyna::engine
