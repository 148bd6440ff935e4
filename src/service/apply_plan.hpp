/// What an apply would change: the flows of files against those that the state has. Pure.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "model/applied_flow.hpp"
#include "ports/store.hpp"
#include "service/flow_folder.hpp"

namespace cordyna {

enum class FlowFate : std::uint8_t {
  kAdded,  ///< also one that was removed before
  kChanged,
  kUnchanged,
  kRemoved,
  kMissing,  ///< it stays, though no file has it any more
};

/// "added", "changed", "unchanged", "removed", "missing"
[[nodiscard]] std::string_view to_string(FlowFate fate);

struct PlannedFlow {
  std::string ns;
  std::string id;
  FlowFate fate = FlowFate::kUnchanged;
  std::int64_t version = 0;               ///< that it has afterwards, or had
  std::string file;                       ///< absolute
  std::optional<AppliedFlowRow> present;  ///< what the state has, also if it was removed
  std::shared_ptr<const Flow> flow;       ///< of its file; null where there is none
  std::string canonical;                  ///< of its file
  FlowSourceRow source{};                 ///< its file
};

struct ApplyPlan {
  std::vector<PlannedFlow> flows;  ///< in order of their names

  [[nodiscard]] std::size_t count(FlowFate fate) const;
  /// Whether anything is added, changed or removed.
  [[nodiscard]] bool changes_flows() const;
  /// What the owner is asked for. May be more than is told: a flow whose file has a new name,
  /// or another comment.
  [[nodiscard]] std::vector<FlowChange> changes() const;
};

/// `present`: all that the state knows, also what was removed. Flows in the scope of `found` that
/// no file of it has are missing, or removed with `prune`; those whose file is among the refused
/// ones are left alone.
[[nodiscard]] ApplyPlan plan_apply(const std::vector<AppliedFlowRow>& present,
                                   const FlowFolder& found, bool prune);

/// All applied flows, page by page.
[[nodiscard]] Result<std::vector<AppliedFlowRow>> all_applied(StoreReader& reader,
                                                              AppliedFilter filter);

/// "added     acme/daily  version 1  /flows/daily.yaml", without a line end.
[[nodiscard]] std::string line_of(const PlannedFlow& planned);
/// "1 added, 2 unchanged, 1 no longer in the folder (--prune removes it)"
[[nodiscard]] std::string totals_of(const ApplyPlan& plan);
/// The members of a JSON object, without its braces.
void append_planned(std::string& out, const PlannedFlow& planned);

}  // namespace cordyna
