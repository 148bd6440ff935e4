/// Processes that live in virtual time, outlive a crash of cerebro, and behave as a plan drawn from
/// the seed says.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "ports/executor.hpp"
#include "sim/random.hpp"

namespace cordyna::sim {

/// What an attempt will do.
enum class Plan : std::uint8_t {
  kComplete,
  kHold,  ///< asks for a person; completes once approved
  kFail,
  kFailForGood,
  kVanish,
  kMute,
  kNeverStart,
  kHang
};

/// Depends on its arguments alone. Only plans that some limit ends are drawn where they would never
/// end.
[[nodiscard]] Plan plan_of(std::uint64_t seed, const Flow& flow, TaskIndex task,
                           const AttemptKey& key);
[[nodiscard]] Outcome outcome_of(Plan plan);

/// Where the world's events go: `run` at `at`; `to_cerebro` events are lost when cerebro crashes.
struct Scheduler {
  std::function<Millis()> now;
  std::function<void(Millis at, bool to_cerebro, std::function<void()> run)> schedule;
  std::function<void(const AttemptReport&)> deliver;
  std::function<void(const std::string&)> violation;
};

class FakeProcess final : public Executor {
 public:
  FakeProcess(std::uint64_t seed, Scheduler scheduler)
      : seed_(seed), random_(seed ^ 0x5eedULL), scheduler_(std::move(scheduler)) {}

  /// Asked at each real beginning of an attempt: "" or what is wrong with it.
  std::function<std::string(const StartAttempt&)> may_begin;

  void start(const StartAttempt& command) override;
  void cancel(const CancelAttempt& command) override;
  void adopt(const StartAttempt& command) override;

  /// On this machine: what is at a place elsewhere takes none of its slots.
  [[nodiscard]] std::size_t running() const;
  [[nodiscard]] std::size_t adopted() const { return adopted_; }
  [[nodiscard]] std::size_t sent_again() const { return sent_again_; }

 private:
  struct Attempt {
    StartAttempt command;
    Plan plan = Plan::kComplete;
    bool acknowledged = false;
    bool started = false;
    std::optional<Outcome> end;
  };

  void begin(const StartAttempt& command);
  void arrange(const AttemptKey& key);
  void acknowledge(const AttemptKey& key);
  void begin_work(const AttemptKey& key);
  void end(const AttemptKey& key, const Outcome& outcome);
  void send(const AttemptKey& key, ReportKind kind, const Outcome& outcome);

  std::uint64_t seed_;
  Random random_;
  Scheduler scheduler_;
  std::map<AttemptKey, Attempt> attempts_;
  std::size_t adopted_ = 0;
  std::size_t sent_again_ = 0;
};

}  // namespace cordyna::sim
