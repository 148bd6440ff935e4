/// Triggers of type flow: hears which runs have ended, and says what events that comes to.
///
/// An event, and what is remembered of ends that wait for others, lie in the change set of the end
/// itself: a crash neither loses nor doubles one.
///
/// Single-threaded and without waiting. Part of Loop, which commits.
#pragma once

#include <cstddef>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "cerebro/cerebro.hpp"
#include "cerebro/ticker.hpp"
#include "model/flow.hpp"
#include "model/rows.hpp"
#include "ports/store.hpp"

namespace cordyna {

class FlowEnds {
 public:
  /// Borrows the store.
  explicit FlowEnds(Store& store) : store_(store) {}

  /// Listens for these triggers, and for none of those before. What has ended for one that was
  /// there is still remembered.
  void listen(const std::vector<KeptTrigger>& triggers);
  /// Others may be there by now: `listen` is wanted again.
  void forget() { listens_ = false; }
  [[nodiscard]] bool listens() const { return listens_; }

  /// The events of the runs that end in `out`, which grows with what is remembered of the others.
  /// Errors: those of the store.
  [[nodiscard]] Result<std::vector<EventRequest>> hear(ChangeSet& out);

 private:
  struct End {
    std::string flow;  // "acme/load"
    RunNo run = 0;
    Millis at = 0;
  };
  struct Listener {
    std::shared_ptr<const Flow> flow;
    std::size_t trigger = 0;

    [[nodiscard]] const TriggerSpec& spec() const { return flow->triggers[trigger]; }
  };

  [[nodiscard]] Result<> hear_one(const Listener& listener, const RunRow& run, ChangeSet& out,
                                  std::vector<EventRequest>& events);
  [[nodiscard]] Result<std::vector<End>*> waiting_of(const std::string& name);
  [[nodiscard]] EventRequest event_of(const Listener& listener, const RunRow& last,
                                      const std::vector<End>& ends, const ChangeSet& out) const;

  Store& store_;
  bool listens_ = false;
  std::vector<Listener> listeners_;
  std::map<std::string, std::vector<std::size_t>, std::less<>> by_flow_;  // who waits for it
  std::map<std::string, std::vector<End>, std::less<>> waiting_;  // as it is, or will be, saved
};

/// The position (PositionRow) of a trigger that waits for several flows: of each whose run has
/// ended since the last time a line, "acme/load 12 1767225600000": the run, and when it ended.
[[nodiscard]] std::string ends_position(const std::string& ns, const std::string& flow_id,
                                        const std::string& trigger);

/// One flow leads to runs of another: a task begins them, or a trigger when its own have ended.
struct FlowLead {
  std::string from;  ///< "acme/load"
  std::string to;
  bool by_trigger = false;
};

/// Errors: kInvalidArgument: flows whose triggers would start each other for ever, with the circle.
[[nodiscard]] Result<> check_circles(const std::vector<FlowLead>& leads);

}  // namespace cordyna
