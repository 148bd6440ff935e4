/// Carries backfills on: starts their runs one after the other, so many at a time, and moves the
/// cursor in the change set that starts the run. So a crash neither loses nor doubles a run.
///
/// How runs ended is read from their rows, never counted in the backfill's: nobody who ends a run
/// elsewhere can make the two disagree. Single-threaded and without waiting. Part of Loop, which
/// commits.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>

#include "base/result.hpp"
#include "cerebro/ticker.hpp"
#include "engine/run_machine.hpp"
#include "model/flow.hpp"
#include "model/rows.hpp"
#include "ports/store.hpp"
#include "schedule/span.hpp"

namespace cordyna {

struct BackfillRequest {
  BackfillRow row;  ///< without a number; giving the same id again is harmless
  std::shared_ptr<const Flow> flow;
  std::string canonical;
};

enum class BackfillOp : std::uint8_t {
  kTakeUp,  ///< one that an owner before left goes on; one that is paused stays so
  kPause,
  kResume,
  kCancel,
  kLeave,  ///< of all, and no number: this owner starts no more of their runs; nothing is saved
};

class Backfiller {
 public:
  /// What the loop does for it.
  struct Hands {
    std::function<Result<RunNo>(engine::RunStart)> start;
    std::function<Result<RunNo>(const RunRow&)> take_up;
    std::function<void(RunNo)> cancel;
    std::function<Result<std::shared_ptr<const Flow>>(const BackfillRow&)> load;
    /// Whether a person may begin one of the flow. Errors: kConflict: it is disabled.
    std::function<Result<>(const std::string& ns, const std::string& flow_id)> check;
    bool may_begin = true;  ///< whether there is room for new runs
  };

  /// Borrows the store.
  Backfiller(Store& store, TickPorts ports) : store_(store), ports_(std::move(ports)) {}

  /// Errors: kInvalidArgument: there is no such trigger; kConflict: the flow is disabled; those of
  /// the store.
  [[nodiscard]] Result<BackfillNo> begin(Millis now, BackfillRequest request, const Hands& hands,
                                         ChangeSet& out);
  /// Takes it up first if need be. Errors: kNotFound; kConflict: it has ended.
  [[nodiscard]] Result<BackfillNo> steer(Millis now, BackfillNo no, BackfillOp op,
                                         const Hands& hands, ChangeSet& out);

  /// Hears from `out` which runs ended, and starts the next; `behind`: call it again. Errors: those
  /// of the store.
  [[nodiscard]] Result<> advance(Millis now, const Hands& hands, ChangeSet& out);
  [[nodiscard]] bool behind() const { return behind_; }
  [[nodiscard]] std::vector<BackfillNo> kept() const;

 private:
  struct Kept {
    BackfillRow row;
    std::shared_ptr<const Flow> flow;
    std::string canonical;  // of a new one, for its first run
    TriggerSpec spec;
    schedule::Span times;
    std::set<RunNo> live;
    bool bad = false;  // a run did not end well, or could not be made
  };

  [[nodiscard]] Result<Kept> make(BackfillRow row, std::shared_ptr<const Flow> flow) const;
  [[nodiscard]] Result<Kept*> take_up(BackfillNo no, BackfillOp op, const Hands& hands);
  [[nodiscard]] Result<BackfillNo> next_no();
  static void hear(Kept& kept, const ChangeSet& out);
  [[nodiscard]] Result<> go_on(Millis now, Kept& kept, const Hands& hands, ChangeSet& out);
  [[nodiscard]] Result<RunNo> begin_run(Millis now, const Kept& kept, const schedule::Tick& tick,
                                        const Hands& hands) const;
  static void write(Kept& kept, BackfillState to, ChangeSet& out);

  Store& store_;
  TickPorts ports_;
  std::map<BackfillNo, Kept> kept_;
  BackfillNo last_no_ = 0;
  bool behind_ = false;
};

}  // namespace cordyna
