#include "engine/why.hpp"

#include <fmt/format.h>

#include <array>
#include <utility>

#include "engine/run_machine.hpp"

namespace cordyna::engine {

std::string_view to_string(BlockerKind kind) {
  static constexpr std::array kNames{std::string_view("upstream"),
                                     std::string_view("section"),
                                     std::string_view("slot"),
                                     std::string_view("retry_at"),
                                     std::string_view("previous_attempt"),
                                     std::string_view("running"),
                                     std::string_view("blocked"),
                                     std::string_view("paused"),
                                     std::string_view("time"),
                                     std::string_view("condition")};
  return kNames[static_cast<std::size_t>(kind)];
}

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
      const std::string& root = blocked_by_.at(task);
      const TaskIndex other = find(root);
      const std::string* owner = other == kNoTask ? nullptr : &spec_of(other).owner;
      say(BlockerKind::kBlocked, root, state.ended_at, 0, owner);
    }
    if (is_final(state.state)) continue;
    if (state.held) {
      const HoldRow& hold = holds_.at(task);
      const bool limited = spec.wait.what == WaitFor::kPerson && spec.timeout > 0;
      const Millis until = limited ? hold.held_at + spec.timeout : 0;
      say(BlockerKind::kPaused, hold.reason, hold.held_at, until);
      continue;
    }
    const auto live = live_.find(task);
    if (live != live_.end() && live->second.row.attempt > 0) {
      const AttemptRow& row = live->second.row;
      if (!is_final(row.state)) {
        say(BlockerKind::kRunning, std::string(to_string(row.state)),
            row.started_at > 0 ? row.started_at : row.dispatched_at, row.deadline_at);
      } else if (!row.known_dead) {
        say(BlockerKind::kPreviousAttempt, fmt::format("attempt {}", row.attempt), row.ended_at);
      } else if (spec.wait.what != WaitFor::kNothing) {
        explain_wait(task, now, blockers);
      } else {
        const Millis until = live->second.retry_at;
        say(BlockerKind::kRetryAt, fmt::format("attempt {}", row.attempt + 1), row.ended_at, until);
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
    const auto slots = fmt::format("{} of {} slots are taken", shared.slots_used, shared.slots);
    say(BlockerKind::kSlot, slots, since, 0, &flow_->owner);
  }
}

}  // namespace cordyna::engine
