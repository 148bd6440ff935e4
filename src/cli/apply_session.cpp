#include "cli/apply_session.hpp"

#include <fmt/format.h>
#include <poll.h>

#include <memory>
#include <utility>

#include "base/id.hpp"
#include "cli/owner_request.hpp"

namespace cordyna::cli {
namespace {

OwnerRequest request_of(const ApplyPlan& plan) {
  OwnerRequest request;
  request.op = OwnerOp::kApply;
  request.run = RunId{make_uuid7(0)};
  request.follow = false;
  request.flows = plan.changes();
  return request;
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
    const Carried done = carry_out(context, layout, request);
    if (done.answer.has_value()) return plan;
    if (!done.again) return std::unexpected<Error>(done.answer.error());
    last = done.answer.error();
    ::poll(nullptr, 0, kRetryEvery);
  }
  return fail(ErrorCode::kConflict,
              fmt::format("state folder {} cannot be changed: {}; nothing was applied",
                          layout.folder(), last->message));
}

}  // namespace cordyna::cli
