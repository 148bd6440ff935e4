/// The API's JSON back to rows: what service/json.hpp writes, and its like.
///
/// What the API does not tell stays as it is in a new row: folders, deadlines, hashes of runs.
/// Texts that are JSON are byte for byte those of the server. Pure. Threads: any.
#pragma once

#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "cerebro/explain.hpp"
#include "client/json_slice.hpp"
#include "model/applied_flow.hpp"
#include "model/backfill.hpp"
#include "model/identity.hpp"
#include "model/rows.hpp"
#include "model/trigger.hpp"
#include "ports/secrets.hpp"
#include "service/backfill_counts.hpp"
#include "service/input_list.hpp"
#include "service/json.hpp"
#include "service/trigger_list.hpp"

namespace cordyna::client {

// Errors of all: kCorrupt: a field that must be there is not, or has a value that is unknown here,
// as that of a newer server may be.

[[nodiscard]] Result<RunRow> run_of(const JsonSlice& json);
[[nodiscard]] Result<TaskRow> task_of(const JsonSlice& json, RunNo run);
[[nodiscard]] Result<HoldRow> hold_of(const JsonSlice& json, RunNo run);
[[nodiscard]] Result<AttemptRow> attempt_of(const JsonSlice& json, RunNo run);
[[nodiscard]] Result<HistoryRow> history_of(const JsonSlice& json);
[[nodiscard]] Result<AppliedFlowRow> flow_of(const JsonSlice& json);
[[nodiscard]] Result<AppliedVersionRow> version_of(const JsonSlice& json);
[[nodiscard]] Result<TickRow> tick_of(const JsonSlice& json);
[[nodiscard]] Result<EventRow> event_of(const JsonSlice& json);
[[nodiscard]] Result<ListedTrigger> trigger_of(const JsonSlice& json);
[[nodiscard]] Result<NoticeRow> notice_of(const JsonSlice& json);
[[nodiscard]] Result<AuditRow> audit_of(const JsonSlice& json);
[[nodiscard]] Result<UserRow> user_of(const JsonSlice& json);  ///< `password`: only whether
[[nodiscard]] Result<TokenRow> token_of(const JsonSlice& json);
[[nodiscard]] Result<KeptSecret> secret_of(const JsonSlice& json);

struct CountedBackfill {
  BackfillRow row;
  BackfillCounts counts;
};
[[nodiscard]] Result<CountedBackfill> backfill_of(const JsonSlice& json);

/// `run`: without a state of its own; the answer's blockers and what is left.
[[nodiscard]] Result<RunWhy> why_of(const JsonSlice& json, RunRow run);
[[nodiscard]] Result<PoolUse> pool_of(const JsonSlice& json);
[[nodiscard]] Result<PlaceUse> place_of(const JsonSlice& json);
[[nodiscard]] Result<ListedInput> input_of(const JsonSlice& json);

}  // namespace cordyna::client
