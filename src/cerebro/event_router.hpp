/// Events: takes each one once, and starts the run that its trigger wants.
///
/// Accepted means saved, no more: so a burst is taken as fast as the disk allows, and its runs
/// begin in the order in which the events came, beside whatever else there is to do. Event and run
/// are in one change set, so that a crash neither loses nor doubles a run. What cannot be started
/// becomes a dead letter, which a person has started again or drops.
///
/// Single-threaded and without waiting. Part of Loop, which commits.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "base/result.hpp"
#include "cerebro/cerebro.hpp"
#include "cerebro/disabled_flows.hpp"
#include "cerebro/gatherer.hpp"
#include "cerebro/ticker.hpp"
#include "engine/run_machine.hpp"
#include "model/flow.hpp"
#include "model/rows.hpp"
#include "ports/evaluator.hpp"
#include "ports/store.hpp"

namespace cordyna {

class EventRouter {
 public:
  using Starter = Ticker::Starter;

  /// Borrows the store, the evaluator and `disabled`. At most `pending_max` events wait for their
  /// runs.
  EventRouter(Store& store, const Evaluator& evaluator, DisabledFlows& disabled, FlowLoader loader,
              TickPorts ports, std::size_t pending_max)
      : store_(store),
        evaluator_(evaluator),
        disabled_(disabled),
        loader_(std::move(loader)),
        ports_(std::move(ports)),
        pending_max_(pending_max) {}

  /// Gives the event's number: of one that is there already, the number that it has; `seen` of the
  /// request is told of that one. Errors: kUnavailable: too many are pending, or the flow is
  /// disabled; those of the store.
  [[nodiscard]] Result<EventNo> accept(Millis wall, const EventRequest& request, ChangeSet& out);

  /// All of them or none, and the positions with them; gives how many events are new. Errors: as
  /// `accept`.
  [[nodiscard]] Result<std::int64_t> accept_all(Millis wall, const IntakeRequest& request,
                                                ChangeSet& out);

  /// What came about in this step by itself, and nobody can send again: each has its event, however
  /// many are pending. At the end of the step, after `advance`. Errors: those of the store.
  [[nodiscard]] Result<> take(Millis wall, const std::vector<EventRequest>& events, ChangeSet& out);

  /// A person's word on a dead letter. Errors: kNotFound; kConflict: it is none, or is to be
  /// tried again and its flow is disabled.
  [[nodiscard]] Result<EventNo> settle(Millis wall, const SettleRequest& request, ChangeSet& out);

  /// Starts runs of pending events, some at a time: while `behind`, call it again. Those of a
  /// disabled flow stay pending. To be called
  /// once in each step, without a starter where nothing may begin. Errors: those of the store.
  [[nodiscard]] Result<> advance(Millis wall, const Starter& start, ChangeSet& out);
  /// Whether events have their runs from now on; `all`: those that wait, all in the next step.
  /// Errors: those of the store.
  [[nodiscard]] Result<> serve(bool on, bool all = false);
  /// A flow is enabled again: what stayed pending is looked at anew.
  void read_again() { reread_ = true; }
  /// Flows have changed, and that is saved. What their triggers had gathered is looked at anew.
  void forget_flows() {
    flows_.clear();
    if (!gathered_.empty()) reread_ = true;
  }
  /// When the next gathered events are due.
  [[nodiscard]] std::optional<Millis> next() const {
    return serving_ ? gathered_.next() : std::nullopt;
  }

  [[nodiscard]] bool behind() const;

 private:
  struct Loaded {
    std::shared_ptr<const Flow> flow;
    std::string canonical;
  };

  [[nodiscard]] Result<> know();
  /// The number that it has already, of this step or an earlier one; nullopt: it is new.
  [[nodiscard]] Result<std::optional<EventNo>> find_known(const EventRequest& request,
                                                          const ChangeSet& out) const;
  [[nodiscard]] std::optional<EventNo> find_staged(const EventRequest& request,
                                                   const ChangeSet& out) const;
  template <class Changes>
  [[nodiscard]] auto& staged_row(EventNo no, Changes& out) const;
  [[nodiscard]] Result<> check_open(const EventRequest& request, std::size_t count);
  EventNo stage(Millis wall, const EventRequest& request, ChangeSet& out);
  [[nodiscard]] Result<> refill();
  [[nodiscard]] Result<const Loaded*> flow_of(const EventRow& event);
  /// What becomes of one that is pending.
  [[nodiscard]] Result<> deal_with(Millis wall, EventRow event, const Starter& start,
                                   ChangeSet& out);
  [[nodiscard]] Result<const TriggerSpec*> trigger_of(const Loaded& loaded,
                                                      const EventRow& event) const;
  [[nodiscard]] Result<> begin_gathered(Millis wall, std::vector<EventRow> events,
                                        const Starter& start, ChangeSet& out);
  /// One run for all of them, which are of one trigger.
  [[nodiscard]] Result<RunNo> begin(Millis wall, const std::vector<EventRow>& events,
                                    const Loaded& loaded, const TriggerSpec& spec,
                                    const Starter& start);
  void settle_all(Millis wall, std::vector<EventRow> events, const Result<RunNo>& run,
                  ChangeSet& out);
  void keep(EventRow&& row);
  /// Of the present step, or another: writes what became of it.
  void write(EventRow&& row, ChangeSet& out) const;
  [[nodiscard]] std::size_t budget();

  Store& store_;
  const Evaluator& evaluator_;
  DisabledFlows& disabled_;
  FlowLoader loader_;
  TickPorts ports_;
  std::size_t pending_max_;
  std::map<std::pair<std::string, std::string>, Loaded> flows_;  // as they are now
  // The next pending ones, in order. Those after `read_to_` are in the store alone.
  std::deque<EventRow> queue_;
  std::size_t queue_bytes_ = 0;
  Gatherer gathered_;
  EventNo read_to_ = 0;
  EventNo last_ = 0;
  std::size_t pending_ = 0;
  // Of the present step, which is not saved: by name, and the first number.
  std::unordered_map<std::string, EventNo> staged_;
  EventNo staged_from_ = 0;
  std::size_t bulk_ = 0;         // of those, how many came with others in one request
  std::size_t burst_steps_ = 0;  // since some began runs
  std::size_t quiet_runs_ = 4;   // of the last step without events
  bool replayed_ = false;        // in the present step
  bool all_ = false;
  bool reread_ = false;
  bool known_ = false;
  bool serving_ = false;
};

}  // namespace cordyna
