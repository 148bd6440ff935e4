#include "cerebro/disabled_flows.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <vector>

namespace cordyna {
namespace {

constexpr std::uint32_t kDisabledPage = 500;

/// What this very step decided counts, too.
Result<AppliedFlowRow*> row_of(Store& store, const FlowSwitch& what, ChangeSet& out) {
  const auto staged = std::ranges::find_if(out.applied, [&what](const AppliedFlowRow& row) {
    return row.ns == what.ns && row.flow_id == what.flow_id;
  });
  if (staged != out.applied.end()) return &*staged;
  TRY_ASSIGN(AppliedFlowRow row, store.find_applied(what.ns, what.flow_id));
  return &out.applied.emplace_back(std::move(row));
}

Result<> check_reason(const FlowSwitch& what) {
  if (what.enabled && !what.reason.empty()) {
    return fail(ErrorCode::kInvalidArgument,
                "a reason is of a flow that is disabled; one that is enabled has none");
  }
  if (what.reason.size() <= kReasonMax) return {};
  return fail(
      ErrorCode::kInvalidArgument,
      fmt::format("the reason has {} bytes; at most {} are kept", what.reason.size(), kReasonMax));
}

}  // namespace

std::string disabled_text(const Disabling& disabled) {
  return fmt::format("disabled by {} since {}{}{}", disabled.by, format_timestamp(disabled.at),
                     disabled.reason.empty() ? "" : ": ", disabled.reason);
}

Result<> DisabledFlows::know() {
  if (known_) return {};
  AppliedFilter filter;
  filter.disabled = true;
  filter.limit = kDisabledPage;
  for (bool more = true; more;) {
    TRY_ASSIGN(std::vector<AppliedFlowRow> page, store_.list_applied(filter));
    for (AppliedFlowRow& row : page) {
      filter.after_ns = row.ns;
      filter.after_id = row.flow_id;
      flows_.emplace(Name(row.ns, row.flow_id), std::move(row.disabled));
    }
    more = page.size() == kDisabledPage;
  }
  known_ = true;
  return {};
}

Result<std::int64_t> DisabledFlows::set(Millis wall, const FlowSwitch& what, ChangeSet& out) {
  TRY(know());
  TRY(check_reason(what));
  ChangeSet staged;
  staged.applied = out.applied;
  TRY_ASSIGN(AppliedFlowRow* const row, row_of(store_, what, staged));
  if (row->removed_at != 0) {
    return fail(ErrorCode::kNotFound,
                fmt::format("flow '{}' was removed", flow_name(what.ns, what.flow_id)));
  }
  const bool same = what.enabled == (row->disabled.at == 0);
  if (same && (what.reason.empty() || what.reason == row->disabled.reason)) return 0;
  row->disabled = what.enabled ? Disabling{} : Disabling{wall, what.by, what.reason};
  out.applied = std::move(staged.applied);
  return 1;
}

Result<> DisabledFlows::hear(const ChangeSet& changes) {
  TRY(know());
  for (const AppliedFlowRow& row : changes.applied) {
    const Name name(row.ns, row.flow_id);
    if (row.disabled.at == 0 || row.removed_at != 0) {
      flows_.erase(name);
    } else {
      flows_[name] = row.disabled;
    }
  }
  return {};
}

Result<> DisabledFlows::check(const std::string& ns, const std::string& flow_id) {
  TRY(know());
  const auto found = flows_.find({ns, flow_id});
  if (found == flows_.end()) return {};
  const std::string name = flow_name(ns, flow_id);
  return fail(ErrorCode::kConflict,
              fmt::format("flow '{}' is {}; 'dyna flows enable {}' lets it start runs again", name,
                          disabled_text(found->second), name));
}

Result<bool> DisabledFlows::has(const std::string& ns, const std::string& flow_id) {
  TRY(know());
  return flows_.contains({ns, flow_id});
}

}  // namespace cordyna
