/// What a loop can be told, each as a command of its own: what others ask of cerebro, with the time
/// at which they asked where that matters.
#pragma once

#include <string>
#include <variant>
#include <vector>

#include "cerebro/cerebro.hpp"
#include "cerebro/ticker.hpp"
#include "engine/hold.hpp"
#include "model/task_server.hpp"

namespace cordyna {

struct SubmitSignal {
  RunRequest request;
};
struct RerunSignal {
  RerunRequest request;
};
struct ResumeSignal {
  RunId id;
};
struct CancelSignal {
  RunId id;
};
struct DecideSignal {
  RunId id;
  engine::HoldDecision decision;
};

struct BackfillSignal {  ///< gives its number
  BackfillRequest request;
};
struct SteerSignal {  ///< gives the number, too
  BackfillNo no = 0;
  BackfillOp op = BackfillOp::kTakeUp;
};

/// As Ticker::keep.
struct KeepSignal {
  std::vector<KeptTrigger> triggers;
  Millis wall = 0;  ///< the time on the wall
};
/// As Applier::stage; gives the number of changes.
struct ApplySignal {
  std::vector<FlowChange> changes;
  Millis wall = 0;
  std::vector<PositionRow> positions{};
};
/// As DisabledFlows::set. While serving, the flow's schedules are kept no more, or again.
struct SwitchFlowSignal {
  FlowSwitch what;
  Millis wall = 0;
};
/// From now on keeps the schedules of all applied flows, also as they change; or of none.
struct ServeSignal {
  bool on = true;
  Millis wall = 0;
};
/// The clock was set: look at it again.
struct WakeSignal {};
/// Old runs, ticks and events go. Gives how many runs do: those that are needed after all stay.
struct RemoveSignal {
  OldRows rows;
};
/// Whether the run is taken up here. Errors: kNotFound: it is not; it may have ended.
struct DrivesSignal {
  RunId id;
};

/// Whether triggers of the flow are kept here. Errors: kNotFound: none is.
struct KeepsSignal {
  std::string ns;
  std::string flow_id;
};

/// Users and tokens change, all or none. A user's row has the version after the one that the state
/// has, else it is a conflict: somebody else was first.
struct IdentitySignal {
  std::vector<UserRow> users;
  std::vector<TokenRow> tokens;
  std::vector<std::string> removed_tokens;
};
/// As EventRouter::accept; gives the event's number.
struct EventSignal {
  EventRequest request;
  Millis wall = 0;
};
/// As EventRouter::accept_all; gives how many events are new.
struct IntakeSignal {
  IntakeRequest request;
  Millis wall = 0;
};
/// As EventRouter::settle.
struct SettleSignal {
  SettleRequest request;
  Millis wall = 0;
};
/// How many attempts task servers take from now on. Gives 0.
struct RoomSignal {
  std::vector<LineRoom> rooms;
};
/// Nothing but its entry in the audit: what was changed lies elsewhere.
struct NoteSignal {};

/// Identity, note, keep, keeps and wake give the number 0, serve that of the schedules.
using Command =
    std::variant<RemoveSignal, SubmitSignal, RerunSignal, ResumeSignal, CancelSignal, DecideSignal,
                 KeepSignal, ApplySignal, ServeSignal, WakeSignal, BackfillSignal, SteerSignal,
                 DrivesSignal, KeepsSignal, IdentitySignal, EventSignal, IntakeSignal, SettleSignal,
                 NoteSignal, SwitchFlowSignal, RoomSignal>;

}  // namespace cordyna
