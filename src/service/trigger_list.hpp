/// The triggers of applied flows, and how each fares: for the API and `dyna triggers`.
#pragma once

#include <string>
#include <vector>

#include "base/result.hpp"
#include "model/flow.hpp"
#include "model/rows.hpp"
#include "ports/store.hpp"

namespace cordyna {

/// So many events that wait are counted, and so many dead ones; of more, the oldest.
inline constexpr std::uint32_t kOpenCounted = 10'000;

struct ListedTrigger {
  std::string ns;
  std::string flow_id;
  std::string trigger;
  std::string type;  ///< as to_string of TriggerType
  std::string description;
  bool disabled = false;       ///< it starts no runs: by itself, or with its flow
  bool flow_disabled = false;  ///< its flow is disabled
  std::string cron;            ///< of a schedule, as the next two
  std::string timezone;
  Millis next = 0;           ///< when it is due next; 0: never, or it is disabled
  std::string path;          ///< of a webhook; its secret stands there as KEY
  bool is_signed = false;    ///< of a webhook: requests must be
  Millis last_at = 0;        ///< the newest tick's time, or when the newest event came; 0: none
  std::string last;          ///< of a schedule: what became of that time
  RunNo last_run = 0;        ///< of a schedule: its run
  EventNo last_event = 0;    ///< of one with events
  std::int64_t pending = 0;  ///< of one with events: those that wait for their run
  std::int64_t dead = 0;     ///< of one with events: dead letters

  [[nodiscard]] bool has_events() const { return type != "schedule"; }
  bool operator==(const ListedTrigger&) const = default;
};

/// Those of one flow, in the order of its file. `open`: of StoreReader::count_open_events. Errors:
/// the store's.
[[nodiscard]] Result<std::vector<ListedTrigger>> triggers_of(StoreReader& reader,
                                                             const AppliedFlowRow& row,
                                                             const Flow& flow,
                                                             const std::vector<OpenEvents>& open,
                                                             Millis now);

/// A JSON object.
void append_trigger(std::string& out, const ListedTrigger& trigger);

}  // namespace cordyna
