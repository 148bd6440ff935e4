/// What a client and the owner of a state say to each other over owner.sock: JSON, one object a
/// line.
///
///   client: {"version":1,"op":"submit","run":"<uuid>","follow":true,"after":0,
///            "folder":"/data/flows","canonical":"{…}","inputs":"{…}","no_cache":true}
///           {"version":1,"op":"resume"|"cancel"|"follow","run":"<uuid>","follow":true,"after":17}
///           {"version":1,"op":"keeps","follow":false,"flow":"sales","namespace":"acme"}
///           {"version":1,"op":"drives","run":"<uuid>","follow":false}
///           {"version":1,"op":"approve"|"reject",…,"task":"share","by":"ann","note":"a holiday",
///            "inputs":"{…}"}          (of a pause that asks for some)
///           {"version":1,"op":"rerun","run":"<uuid>",…,"of":12,"inputs":"{…}","taken":["load"]}
///             (with "folder" and "canonical", where it is of another version than run 12 had)
///           {"version":1,"op":"backfill","run":"<uuid of the backfill>","follow":false,
///            "folder":…,"canonical":…,"inputs":"[…]","trigger":"nightly","begin":0,"end":1,…}
///           {"version":1,"op":"apply","run":"<any
///           uuid>","follow":false,"flows":[{"namespace":"acme",
///            "id":"sales","from":2,"was_removed":false,"canonical":"{…}","folder":…,"file":…,"source":…}]}
///           {"version":1,"op":"event_replay"|"event_drop","follow":false,"of":7,"by":"ann"}
///           {"version":1,"op":"flow_disable"|"flow_enable","follow":false,"flow":"sales",
///            "namespace":"acme","by":"ann","note":"the source is broken"}
///           {"version":1,"op":"backfill_take_up"|"backfill_pause"|"backfill_resume"|
///            "backfill_cancel","of":3}
///   owner:  {"ok":true,"run":12}   or   {"error":{"code":"not_found","message":"…"}}
///   then, where "follow" was asked for, the updates of the run after the given history number (as
///   `--follow json` prints them), until the run has ended or the owner has gone.
/// Everything a client asks for names the run by its own id: asking again is harmless.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/id.hpp"
#include "base/result.hpp"
#include "model/rows.hpp"

namespace cordyna::cli {

inline constexpr int kOwnerProtocol = 1;
/// A flow may have 16 MB, and its canonical form stands in a JSON string.
inline constexpr std::size_t kRequestBytesMax = std::size_t{64} << 20;

enum class OwnerOp : std::uint8_t {
  kSubmit,
  kRerun,
  kResume,
  kCancel,
  kFollow,
  kKeeps,   ///< whether the owner keeps the flow's schedules; not_found: it does not
  kDrives,  ///< whether the owner has taken the run up; not_found: it has not
  kApprove,
  kReject,
  kApply,        ///< the answer's number is that of the changes
  kEventReplay,  ///< the answer's number is that of the event
  kEventDrop,
  kFlowDisable,  ///< the answer's number says nothing
  kFlowEnable,
  kBackfill,  ///< from here on the answer's number is that of a backfill
  kBackfillTakeUp,
  kBackfillPause,
  kBackfillResume,
  kBackfillCancel,
};

struct OwnerRequest {
  OwnerOp op = OwnerOp::kFollow;
  RunId run;
  bool follow = true;
  std::int64_t after = 0;
  std::string canonical;  ///< from here: for submit; of rerun, where it is of another version
  std::string folder;
  std::string inputs;
  std::string task;  ///< from here: for approve and reject; empty: the only one that is held
  std::string by;
  std::string note;
  std::int64_t of = 0;             ///< of rerun: the run; else the number of a backfill or an event
  std::vector<std::string> taken;  ///< of rerun: paths of tasks
  std::string flow_id{};           ///< of keeps, and of a flow that is disabled or enabled
  std::string ns{};                ///< of the same
  BackfillRow backfill;            ///< of backfill: what a person chooses
  std::vector<FlowChange> flows;   ///< of apply; without a canonical form: to be removed
  bool no_cache = false;           ///< of submit and rerun
  /// Who asks over the socket, as the system knows them; not on the wire. Empty: the owner itself.
  std::string actor{};
};

[[nodiscard]] std::string_view to_string(OwnerOp op);
/// Whether it is about a dead letter.
[[nodiscard]] bool settles_event(OwnerOp op);
/// Whether it disables or enables a flow.
[[nodiscard]] bool switches_flow(OwnerOp op);
/// Whether it is about a backfill that is there already.
[[nodiscard]] bool steers_backfill(OwnerOp op);

/// With the line end.
[[nodiscard]] std::string encode(const OwnerRequest& request);
/// Without the line end. Errors: kInvalidArgument; kConflict for another version.
[[nodiscard]] Result<OwnerRequest> decode_request(std::string_view line);

[[nodiscard]] std::string encode_answer(const Result<RunNo>& answer);
/// The owner's error as an error. Errors: also kCorrupt for what is no answer.
[[nodiscard]] Result<RunNo> decode_answer(std::string_view line);

}  // namespace cordyna::cli
