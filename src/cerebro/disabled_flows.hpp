/// Which flows are disabled: nothing begins a run of them, neither a person nor a trigger nor
/// another flow, until they are enabled again.
///
/// Read once from the store and kept, for it is asked at each start; who writes here is the only
/// one who writes there. Single-threaded. Part of Loop, which commits.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <utility>

#include "base/result.hpp"
#include "model/applied_flow.hpp"
#include "model/rows.hpp"
#include "ports/store.hpp"

namespace cordyna {

class DisabledFlows {
 public:
  /// Borrows the store.
  explicit DisabledFlows(Store& store) : store_(store) {}

  /// Adds the flow's row to `out`, or changes the one that is there; it counts from `hear` on.
  /// Gives 1; 0: it is so already.
  /// A flow that is disabled already is so for another reason, where one is given.
  /// Errors: kNotFound: no such flow is applied; kInvalidArgument: the reason; those of the store.
  [[nodiscard]] Result<std::int64_t> set(Millis wall, const FlowSwitch& what, ChangeSet& out);
  /// The flows of a change set that will be saved. One that was removed blocks nothing, and is
  /// disabled still when it comes back. Errors: those of the store.
  [[nodiscard]] Result<> hear(const ChangeSet& changes);

  /// Errors: kConflict: the flow is disabled, by whom and why, and what to do; those of the store.
  [[nodiscard]] Result<> check(const std::string& ns, const std::string& flow_id);
  /// Errors: those of the store.
  [[nodiscard]] Result<bool> has(const std::string& ns, const std::string& flow_id);

 private:
  using Name = std::pair<std::string, std::string>;

  [[nodiscard]] Result<> know();

  Store& store_;
  std::map<Name, Disabling> flows_;
  bool known_ = false;
};

/// "disabled by ann since 2026-11-28T07:00:00Z: the source is broken"
[[nodiscard]] std::string disabled_text(const Disabling& disabled);

}  // namespace cordyna
