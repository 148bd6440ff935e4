#include "sim/fake_process.hpp"

#include <algorithm>
#include <utility>

#include "base/hash.hpp"
#include "model/layout.hpp"

namespace cordyna::sim {
namespace {

TaskError error_of(Plan plan) {
  if (plan == Plan::kVanish)
    return make_task_error(TaskErrorCode::kLost, Phase::kInfra, "vanished");
  TaskError error = make_task_error(TaskErrorCode::kExitNonzero, Phase::kRun, "exit code");
  error.exit_code = plan == Plan::kFailForGood ? 2 : 1;
  error.retryable = plan != Plan::kFailForGood;
  return error;
}

}  // namespace

Plan plan_of(std::uint64_t seed, const Flow& flow, TaskIndex task, const AttemptKey& key) {
  const std::uint64_t item = fnv1a(items_in_path(key.path)) - fnv1a("");
  Random random(seed * 1'000'003 + static_cast<std::uint64_t>(key.run) * 10'007 + task * 101 +
                key.attempt + item);
  (void)random.next();
  const TaskSpec& spec = flow.tasks[task];
  const auto draw = random.below(100);
  if (draw < 54) return Plan::kComplete;
  if (draw < 60) return Plan::kHold;
  if (draw < 78) return Plan::kFail;
  if (draw < 82) return Plan::kFailForGood;
  if (draw < 87) return Plan::kVanish;
  if (draw < 91 && spec.timeouts.acknowledge > 0) return Plan::kMute;
  if (draw < 95 && spec.timeouts.start > 0) return Plan::kNeverStart;
  // `finally` tasks outlive the run's own limit, so that does not end them.
  const bool ended_by_run = flow.timeout > 0 && spec.section != Section::kFinally;
  if (spec.timeouts.complete > 0 || spec.timeout > 0 || ended_by_run) return Plan::kHang;
  return Plan::kComplete;
}

Outcome outcome_of(Plan plan) {
  Outcome outcome;
  if (plan == Plan::kComplete) {
    outcome.outputs = R"({"n":1})";
    return outcome;
  }
  if (plan == Plan::kHold) {
    outcome.hold = "rows: 3, expected 10";
    outcome.measurement = Measurement{"f/x", PointVerdict::kTrip, "{}"};
    return outcome;
  }
  outcome.state = AttemptState::kFailed;
  outcome.error = error_of(plan);
  return outcome;
}

void FakeProcess::start(const StartAttempt& command) {
  if (attempts_.contains(command.key)) {
    // The gate: a repeat starts nothing, and what is known is told again.
    adopt(command);
    return;
  }
  begin(command);
}

void FakeProcess::begin(const StartAttempt& command) {
  for (const auto& [key, other] : attempts_) {
    const bool same = key.run == command.key.run && key.path == command.key.path;
    if (same && !other.end.has_value()) {
      scheduler_.violation("attempt " + std::to_string(command.key.attempt) + " of " + key.path +
                           " begins while attempt " + std::to_string(key.attempt) + " lives");
    }
  }
  if (const std::string wrong = may_begin(command); !wrong.empty()) scheduler_.violation(wrong);
  Attempt attempt;
  attempt.command = command;
  attempt.plan = plan_of(seed_, *command.flow, command.task, command.key);
  if (attempt.plan == Plan::kHold && command.approved) attempt.plan = Plan::kComplete;
  attempts_.emplace(command.key, std::move(attempt));
  arrange(command.key);
}

void FakeProcess::arrange(const AttemptKey& key) {
  const Plan plan = attempts_.at(key).plan;
  if (plan == Plan::kMute) return;
  const Millis now = scheduler_.now();
  const Millis acknowledged = now + random_.between(0, 300);
  scheduler_.schedule(acknowledged, false, [this, key] { acknowledge(key); });
  if (plan == Plan::kNeverStart) return;
  const Millis started = acknowledged + random_.between(0, 300);
  scheduler_.schedule(started, false, [this, key] { begin_work(key); });
  if (plan == Plan::kHang) return;
  const Millis ended = started + random_.between(0, 1500);
  scheduler_.schedule(ended, false, [this, key, plan] { end(key, outcome_of(plan)); });
}

void FakeProcess::acknowledge(const AttemptKey& key) {
  Attempt& attempt = attempts_.at(key);
  if (attempt.end.has_value()) return;
  attempt.acknowledged = true;
  send(key, ReportKind::kAcknowledged, {});
}

void FakeProcess::begin_work(const AttemptKey& key) {
  Attempt& attempt = attempts_.at(key);
  if (attempt.end.has_value()) return;
  attempt.started = true;
  send(key, ReportKind::kStarted, {});
  const Millis limit = attempt.command.timeouts.complete;
  if (limit == 0 || attempt.plan != Plan::kHang) return;
  // The guardian enforces the limit too, so that a dead cerebro cannot leave a task running without
  // bound.
  scheduler_.schedule(scheduler_.now() + limit + random_.between(0, 800), false, [this, key] {
    Outcome outcome;
    outcome.state = AttemptState::kFailed;
    outcome.error =
        make_task_error(TaskErrorCode::kTimeoutComplete, Phase::kRun, "by its guardian");
    end(key, outcome);
  });
}

void FakeProcess::end(const AttemptKey& key, const Outcome& outcome) {
  Attempt& attempt = attempts_.at(key);
  if (attempt.end.has_value()) return;
  attempt.end = outcome;
  send(key, ReportKind::kEnded, outcome);
}

void FakeProcess::send(const AttemptKey& key, ReportKind kind, const Outcome& outcome) {
  const std::size_t copies = random_.chance(15) ? 2 + random_.below(3) : 1;
  for (std::size_t i = 0; i < copies; ++i) {
    const Millis delay = random_.chance(20) ? random_.between(0, 2000) : random_.between(0, 20);
    scheduler_.schedule(
        scheduler_.now() + delay, true,
        [this, report = AttemptReport{key, kind, outcome}] { scheduler_.deliver(report); });
  }
}

void FakeProcess::cancel(const CancelAttempt& command) {
  const AttemptKey key = command.key;
  Outcome cancelled;
  cancelled.state = AttemptState::kCancelled;
  const auto found = attempts_.find(key);
  if (found == attempts_.end()) return send(key, ReportKind::kEnded, cancelled);
  if (found->second.end.has_value()) return send(key, ReportKind::kEnded, *found->second.end);
  scheduler_.schedule(scheduler_.now() + random_.between(0, 4000), false,
                      [this, key, cancelled] { end(key, cancelled); });
}

void FakeProcess::adopt(const StartAttempt& command) {
  const auto found = attempts_.find(command.key);
  if (found == attempts_.end()) {
    ++sent_again_;  // saved, but the crash came before the command went out
    return begin(command);
  }
  ++adopted_;
  const Attempt& attempt = found->second;
  if (attempt.end.has_value()) return send(command.key, ReportKind::kEnded, *attempt.end);
  if (attempt.started) return send(command.key, ReportKind::kStarted, {});
  if (attempt.acknowledged) send(command.key, ReportKind::kAcknowledged, {});
}

std::size_t FakeProcess::running() const {
  return static_cast<std::size_t>(std::ranges::count_if(attempts_, [](const auto& entry) {
    const auto& place = entry.second.command.place;
    const bool here = place == nullptr || place->type == PlaceType::kLocal;
    return here && !entry.second.end.has_value();
  }));
}

}  // namespace cordyna::sim
