#include "cli/owner_request.hpp"

#include <fmt/format.h>
#include <poll.h>

#include <memory>
#include <utility>

#include "cli/limits.hpp"
#include "cli/line_view.hpp"
#include "cli/owner_client.hpp"
#include "cli/ownership.hpp"

namespace cordyna::cli {
namespace {

Result<RunNo> as_owner(CommandContext& context, const StateLayout& layout,
                       std::unique_ptr<Store> store, const OwnerRequest& request) {
  View view({layout, context.parts.open_reader, *context.parts.clock, context.output},
            std::make_unique<LineView>());
  FlowCache flows;
  TRY_ASSIGN(engine::Limits limits, limits_for(session_settings(context).slots, folder_of(layout)));
  Ownership ownership(context.parts, {std::move(limits), layout}, std::move(store), flows, view);
  TRY(ownership.start());
  return ownership.handle(request);
}

/// kUnavailable: there is no owner to ask, or it has gone.
Result<RunNo> by_owner(const StateLayout& layout, const OwnerRequest& request) {
  const std::size_t bytes = encode(request).size();
  if (bytes > kRequestBytesMax) {
    return fail(ErrorCode::kInvalidArgument,
                fmt::format("this has {} bytes, and the owner of the state takes {} at once; do it "
                            "in parts, or while nobody owns the state",
                            bytes, kRequestBytesMax));
  }
  TRY_ASSIGN(OwnerClient client, OwnerClient::connect(layout));
  return client.request(request);
}

}  // namespace

Carried carry_out(CommandContext& context, const StateLayout& layout, const OwnerRequest& request) {
  auto store = context.parts.open_store(layout, [] {});
  const bool owned = !store.has_value() && store.error().code == ErrorCode::kConflict;
  if (!store.has_value() && !owned) return {std::unexpected<Error>(store.error())};
  Carried done{owned ? by_owner(layout, request)
                     : as_owner(context, layout, std::move(*store), request)};
  if (done.answer.has_value()) return done;
  const ErrorCode code = done.answer.error().code;
  done.again = code == ErrorCode::kConflict || (owned && code == ErrorCode::kUnavailable);
  return done;
}

Result<RunNo> carry_out_at_last(CommandContext& context, const StateLayout& layout,
                                const OwnerRequest& request) {
  for (int tries = 1;; ++tries) {
    Carried done = carry_out(context, layout, request);
    const bool gone = !done.answer.has_value() &&
                      done.answer.error().code == ErrorCode::kUnavailable && done.again;
    if (!gone || tries == kRetriesMax) return std::move(done.answer);
    ::poll(nullptr, 0, kRetryEvery);
  }
}

}  // namespace cordyna::cli
