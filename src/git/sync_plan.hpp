/// What following a commit changes: its flows against those that the state has.
///
/// Pure. All of it is applied in one transaction, or nothing.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "git/tree_flows.hpp"
#include "model/applied_flow.hpp"
#include "model/git.hpp"

namespace cordyna::git {

struct SyncWish {
  const GitFollow* follow = nullptr;
  std::string commit;
  std::string root;      ///< absolute: where the followed folder lies, whatever the commit
  bool discard = false;  ///< what was changed here and not pushed gives way
};

/// A flow that was changed here and is not in the branch.
struct PendingEdit {
  std::string ns;
  std::string flow_id;
  std::string path;    ///< in the repository
  std::string source;  ///< of its text, the hash; empty: the flow was removed

  bool operator==(const PendingEdit&) const = default;
};

struct SyncPlan {
  std::vector<FlowChange> changes{};
  std::vector<GitFlaw> flaws{};  ///< any: the commit is not applied
  std::vector<PendingEdit> edits{};
  std::size_t added = 0;
  std::size_t changed = 0;
  std::size_t removed = 0;
};

/// `present`: all that the state knows, also what was removed. A flow that was changed here stays
/// as it is while the branch has what it had then; where both have changed, that is a flaw.
[[nodiscard]] SyncPlan plan_sync(const SyncWish& wish, const TreeFlows& tree,
                                 const std::vector<AppliedFlowRow>& present);

/// "2 added, 1 changed"; "nothing new".
[[nodiscard]] std::string totals_of(const SyncPlan& plan);

/// Where a flow of the path lies: the folder of its row.
[[nodiscard]] std::string folder_of(const GitFollow& follow, const std::string& root,
                                    const std::string& path);

}  // namespace cordyna::git
