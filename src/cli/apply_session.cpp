#include "cli/apply_session.hpp"

#include <fmt/format.h>
#include <poll.h>

#include <memory>
#include <utility>

#include "base/id.hpp"
#include "cli/limits.hpp"
#include "cli/line_view.hpp"
#include "cli/owner_client.hpp"
#include "cli/ownership.hpp"

namespace cordyna::cli {
namespace {

constexpr int kRetryEvery = 20;  // milliseconds between tries to become owner or reach the owner
constexpr int kRetriesMax = 500;

OwnerRequest request_of(const ApplyPlan& plan) {
  OwnerRequest request;
  request.op = OwnerOp::kApply;
  request.run = RunId{make_uuid7(0)};
  request.follow = false;
  request.flows = plan.changes();
  return request;
}

Result<> apply_as_owner(CommandContext& context, const StateLayout& layout,
                        std::unique_ptr<Store> store, const OwnerRequest& request) {
  View view({layout, context.parts.open_reader, *context.parts.clock, context.output},
            std::make_unique<LineView>());
  FlowCache flows;
  TRY_ASSIGN(engine::Limits limits, limits_for(session_settings(context).slots, folder_of(layout)));
  Ownership ownership(context.parts, {std::move(limits), layout}, std::move(store), flows, view);
  TRY(ownership.start());
  TRY(ownership.handle(request));
  return {};
}

/// kUnavailable: there is no owner to ask, or it has gone.
Result<> apply_by_owner(const StateLayout& layout, const OwnerRequest& request) {
  const std::size_t bytes = encode(request).size();
  if (bytes > kRequestBytesMax) {
    return fail(ErrorCode::kInvalidArgument,
                fmt::format("these flows have {} bytes together, and the owner of the state takes "
                            "{} at once; apply them in parts, or while nobody owns the state",
                            bytes, kRequestBytesMax));
  }
  TRY_ASSIGN(OwnerClient client, OwnerClient::connect(layout));
  TRY(client.request(request));
  return {};
}

}  // namespace

Result<std::vector<AppliedFlowRow>> applied_in(const CommandContext& context,
                                               const StateLayout& layout) {
  auto reader = context.parts.open_reader(layout);
  if (!reader.has_value()) {
    if (reader.error().code == ErrorCode::kNotFound) return std::vector<AppliedFlowRow>();
    return std::unexpected<Error>(reader.error());
  }
  AppliedFilter filter;
  filter.removed = true;
  return all_applied(**reader, filter);
}

Result<ApplyPlan> apply_planned(CommandContext& context, const StateLayout& layout,
                                const Planner& planner) {
  std::optional<Error> last;
  for (int tries = 0; tries < kRetriesMax; ++tries) {
    auto present = applied_in(context, layout);
    if (!present.has_value() && tries == 0 && present.error().code == ErrorCode::kUnavailable) {
      // A state of an earlier version is brought up to date by who becomes its owner.
      (void)context.parts.open_store(layout, [] {});
      continue;
    }
    if (!present.has_value()) return std::unexpected<Error>(present.error());
    TRY_ASSIGN(ApplyPlan plan, planner(*present));
    const OwnerRequest request = request_of(plan);
    if (request.flows.empty()) return plan;
    auto store = context.parts.open_store(layout, [] {});
    const bool owned = !store.has_value() && store.error().code == ErrorCode::kConflict;
    if (!store.has_value() && !owned) return std::unexpected<Error>(store.error());
    const Result<> done = owned ? apply_by_owner(layout, request)
                                : apply_as_owner(context, layout, std::move(*store), request);
    if (done.has_value()) return plan;
    const ErrorCode code = done.error().code;
    const bool again = code == ErrorCode::kConflict || (owned && code == ErrorCode::kUnavailable);
    if (!again) return std::unexpected<Error>(done.error());
    last = done.error();
    ::poll(nullptr, 0, kRetryEvery);
  }
  return fail(ErrorCode::kConflict,
              fmt::format("state folder {} cannot be changed: {}; nothing was applied",
                          layout.folder(), last->message));
}

}  // namespace cordyna::cli
