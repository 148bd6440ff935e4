/// Rows as JSON objects: the same for `--json` of a command and for the API.
///
/// Keys without a value are left out. Without line ends. Pure. Threads: any.
#pragma once

#include <set>
#include <string>
#include <vector>

#include "cerebro/explain.hpp"
#include "engine/why.hpp"
#include "model/applied_flow.hpp"
#include "model/rows.hpp"
#include "service/backfill_counts.hpp"

namespace cordyna {

void append_run(std::string& out, const RunRow& run);
/// Appends `,"parent":{"run":12,"task":"call"}` for a run that a task of another one began.
void append_parent(std::string& out, const RunRow& run);
void append_task(std::string& out, const TaskRow& task);
void append_attempt(std::string& out, const AttemptRow& attempt);
void append_hold(std::string& out, const HoldRow& hold);
void append_tick(std::string& out, const TickRow& tick);
void append_notice(std::string& out, const NoticeRow& notice);
/// Without what it holds.
void append_event(std::string& out, const EventRow& event);
/// With it.
[[nodiscard]] std::string event_as_json(const EventRow& event);
[[nodiscard]] std::string backfill_as_json(const BackfillRow& row, const BackfillCounts& counts);
void append_flow(std::string& out, const AppliedFlowRow& flow);
/// ,"enabled":false,"disabled_at":…,"disabled_by":…,"disabled_reason":…
void append_disabling(std::string& out, const Disabling& disabled);
/// {"enabled":false,"reason":…}
[[nodiscard]] std::string as_json(const FlowSwitch& what);
/// `runs`: how many this content has had.
void append_version(std::string& out, const AppliedVersionRow& version, std::int64_t runs);

/// Why one run is where it is.
struct RunWhy {
  RunRow run;
  std::vector<engine::Blocker> blockers{};  ///< empty: it has ended
  std::set<RunNo> left{};  ///< of the runs in its way: those that nobody drives at the moment
};

/// {"run":12,"state":"running","tasks":[…]}
[[nodiscard]] std::string why_as_json(const RunWhy& why);
/// {"places":[…]}
[[nodiscard]] std::string places_as_json(const std::vector<PlaceUse>& places);
/// {"pools":[…]}
[[nodiscard]] std::string pools_as_json(const std::vector<PoolUse>& pools);

}  // namespace cordyna
