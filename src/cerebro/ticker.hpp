/// Keeps schedule triggers: when one is due, writes its tick and the run that the tick starts into
/// one change set, so that a crash neither loses nor doubles a run.
///
/// What is due is a pure function of the declaration, the newest tick in the store and the time
/// (schedule/catch_up.hpp): who comes back after a second or after a year asks the same question.
/// All times are those of the clock on the wall, which may jump. Single-threaded and without
/// waiting. Part of Loop, which commits.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.hpp"
#include "engine/run_machine.hpp"
#include "model/flow.hpp"
#include "model/rows.hpp"
#include "ports/store.hpp"
#include "schedule/schedule.hpp"

namespace cordyna {

/// A schedule trigger that is to be kept.
struct KeptTrigger {
  std::shared_ptr<const Flow> flow;
  std::string canonical;
  std::size_t trigger = 0;  ///< its place in `flow->triggers`
};

/// What the ticker cannot do itself; handed in by main, all or none.
struct TickPorts {
  /// The JSON object of the inputs of a run that the trigger starts. `run_context` is {"run": {…}}.
  std::function<Result<std::string>(const Flow&, const TriggerSpec&, std::string_view run_context)>
      inputs;
  /// A new id for a run that begins at a time.
  std::function<RunId(Millis now)> make_id;
  /// The trigger whose times and inputs a backfill has. Errors: kInvalidArgument: there is none.
  std::function<Result<TriggerSpec>(const Flow&, const BackfillRow&)> backfill{};
  /// In place of `inputs` for an event that has a run of its own: from its row alone, so that
  /// no context is made. None: as others.
  std::function<Result<std::string>(const EventRow&)> of_event{};
};

class Ticker {
 public:
  /// Gives a run to the engine and tells its number.
  using Starter = std::function<Result<RunNo>(engine::RunStart)>;

  /// Borrows the store.
  Ticker(Store& store, TickPorts ports) : store_(store), ports_(std::move(ports)) {}

  /// Keeps these, and none of those before. One that the store has never seen begins now: no time
  /// before counts. Errors: kInvalidArgument, kUnavailable: a schedule cannot be read; those of the
  /// store. Those before are kept then.
  [[nodiscard]] Result<> keep(Millis now, const std::vector<KeptTrigger>& triggers, ChangeSet& out);

  /// Deals with all triggers that are due, some runs at a time: while `behind`, call it again. A
  /// run that cannot be started becomes a tick in error.
  void advance(Millis now, const Starter& start, ChangeSet& out);

  [[nodiscard]] bool keeps(std::string_view ns, std::string_view flow_id) const;
  [[nodiscard]] std::vector<KeptTrigger> kept() const;
  [[nodiscard]] std::optional<Millis> next() const;
  [[nodiscard]] bool behind() const { return behind_; }

 private:
  struct Kept {
    KeptTrigger what;
    schedule::Schedule times;
    Millis delay = 0;  // its part of the jitter
    Millis last = 0;   // the last time that was dealt with

    [[nodiscard]] const TriggerSpec& spec() const { return what.flow->triggers[what.trigger]; }
  };

  [[nodiscard]] Result<Kept> make(Millis now, const KeptTrigger& what, const ChangeSet& staged,
                                  ChangeSet& out);
  /// How many runs it started.
  std::size_t fire(Millis now, Kept& kept, const Starter& start, ChangeSet& out);
  [[nodiscard]] Result<RunNo> begin(Millis now, const Kept& kept, Scheduled scheduled,
                                    const Starter& start);
  void arm(std::size_t index);

  Store& store_;
  TickPorts ports_;
  std::vector<Kept> kept_;
  std::set<std::pair<Millis, std::size_t>> due_;  // each kept one that will ever be due
  bool behind_ = false;
};

}  // namespace cordyna
