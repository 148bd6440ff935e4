/// What a run of a flow would begin, join or find fresh, before anything is begun: the needs of its
/// tasks, and theirs, all the way up.
///
/// It goes by the rows as they are at that moment; when the run begins, cerebro looks again.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "base/time.hpp"
#include "model/flow.hpp"
#include "model/rows.hpp"
#include "ports/store.hpp"

namespace cordyna {

enum class NeedFate : std::uint8_t {
  kRuns,     ///< it is begun
  kFresh,    ///< a run completed within the window: it will do
  kJoins,    ///< a run is under way, which is waited for
  kMissing,  ///< there is no such flow
  kHidden,   ///< it is not the caller's to see
};
[[nodiscard]] std::string_view to_string(NeedFate fate);

/// Shared by the plans that it is in.
struct FlowNeeds {
  std::string flow;  ///< "orders/load"
  std::string owner;
  std::string server;  ///< the task server that carries it out, "orders/etl-1"; empty: none does
  std::vector<std::string> needs;  ///< names, in the order of its tasks
};

struct PlannedRun {
  std::shared_ptr<const FlowNeeds> of;  ///< of kMissing and kHidden only the name
  NeedFate fate = NeedFate::kRuns;
  RunNo run = 0;            ///< of kFresh and kJoins
  Millis completed_at = 0;  ///< of kFresh
};

/// A flow by namespace and id. Errors: kNotFound.
using FlowOf =
    std::function<Result<std::shared_ptr<const Flow>>(std::string_view ns, std::string_view id)>;

/// In an order in which they can run, the flow itself last. A flow that several need stands there
/// once. Errors: those of the store, and of `find` but for kNotFound.
[[nodiscard]] Result<std::vector<PlannedRun>> plan_run(StoreReader& reader, const FlowOf& find,
                                                       const Flow& flow, Millis now);

/// A JSON list.
[[nodiscard]] std::string plan_as_json(const std::vector<PlannedRun>& plan);

}  // namespace cordyna
