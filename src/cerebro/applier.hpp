/// Flows by name: turns what an apply changes into rows, and says whose schedules are to be kept.
///
/// Single-threaded and without waiting. Part of Loop, which commits: all changes of one apply are
/// in one transaction, or none is.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "base/result.hpp"
#include "cerebro/cerebro.hpp"
#include "cerebro/flow_ends.hpp"
#include "cerebro/ticker.hpp"
#include "model/rows.hpp"
#include "ports/store.hpp"

namespace cordyna {

/// Whether a flow in its canonical form may have triggers of type flow: cheap, and perhaps wrong.
[[nodiscard]] inline bool may_wait_for_flows(std::string_view canonical) {
  return canonical.contains(R"("type":"flow")");
}

/// The triggers of flows that somebody keeps, without those that are disabled.
struct AppliedTriggers {
  std::vector<KeptTrigger> schedules;  ///< of enabled flows
  std::vector<KeptTrigger> ends;       ///< of type flow; their events wait for a disabled one
  std::vector<FlowLead> leads;         ///< from flow to flow; none where no trigger is among them
};

class Applier {
 public:
  /// Borrows the store.
  Applier(Store& store, FlowLoader loader) : store_(store), loader_(std::move(loader)) {}

  /// Adds the rows of all changes to `out`, and gives their number. A flow whose content and folder
  /// are those of its version keeps its number: only its file and text are noted, or that it is
  /// back.
  ///
  /// A schedule that the version before had too, by the same times, goes on from its last tick. One
  /// with other times, or which was not there, begins at `wall`, so that no time before it is taken
  /// for missed; but where the old times have one that is due and not dealt with, the newest tick
  /// decides, as `catch_up` says.
  ///
  /// Errors: kConflict: the state is not as a change says, or a flow is named twice;
  /// kInvalidArgument: a change without a flow; those of the loader and the store. `out` stays as
  /// it was then.
  [[nodiscard]] Result<std::int64_t> stage(Millis wall, const std::vector<FlowChange>& changes,
                                           ChangeSet& out);

  /// What is kept of all flows that are applied once `staged` is committed.
  /// Errors: those of the loader, for a version that this program cannot read, and of the store.
  [[nodiscard]] Result<AppliedTriggers> triggers(const ChangeSet& staged);
  /// The triggers of type flow of all flows that are applied, without those of versions that this
  /// program cannot read. Errors: those of the store.
  [[nodiscard]] Result<std::vector<KeptTrigger>> ends();

 private:
  struct Loaded {
    std::shared_ptr<const Flow> flow;
    std::string canonical;
  };
  [[nodiscard]] Result<> put(Millis wall, const FlowChange& change, const AppliedFlowRow* present,
                             ChangeSet& out);
  [[nodiscard]] Result<> begin_schedules(Millis wall, const Flow* before, const Flow& flow,
                                         ChangeSet& out);
  /// All that are there.
  [[nodiscard]] Result<std::vector<AppliedFlowRow>> applied_rows();
  [[nodiscard]] Result<Loaded> load(const AppliedFlowRow& row, const ChangeSet& staged);

  /// What of an applied flow concerns others: read again only where its version is another.
  struct Known {
    std::string hash;
    std::string folder;
    Loaded loaded;                      // null and empty, where it has no trigger to be kept
    std::vector<std::size_t> triggers;  // that are to be kept
    std::vector<FlowLead> leads;
    bool triggered = false;  // one of the leads is by a trigger
    std::uint64_t seen = 0;  // the last look
  };
  [[nodiscard]] Result<const Known*> know(const AppliedFlowRow& row, const ChangeSet& staged);

  Store& store_;
  FlowLoader loader_;
  std::unordered_map<std::string, Known> known_;  // by "acme/load"
  std::uint64_t looks_ = 0;
};

}  // namespace cordyna
