/// Gets something done to a state that is not a run: by the one that owns it, or as its owner for a
/// moment.
///
/// Threads: one; starts those of cerebro, the view and the owner's socket.
#pragma once

#include "cli/commands.hpp"
#include "cli/owner_protocol.hpp"
#include "model/layout.hpp"

namespace cordyna::cli {

inline constexpr int kRetryEvery = 20;  ///< milliseconds between tries to be owner, or reach it
inline constexpr int kRetriesMax = 500;

struct Carried {
  Result<RunNo> answer;
  bool again = false;  ///< the owner came or went meanwhile: another try may go well
};

/// One try.
[[nodiscard]] Carried carry_out(CommandContext& context, const StateLayout& layout,
                                const OwnerRequest& request);
/// Until it is done, or refused. Errors: those of the owner; kConflict: it does not listen.
[[nodiscard]] Result<RunNo> carry_out_at_last(CommandContext& context, const StateLayout& layout,
                                              const OwnerRequest& request);

}  // namespace cordyna::cli
