/// An attempt of cerebro as a task server is told of it.
///
/// Threads: any.
#pragma once

#include "base/result.hpp"
#include "network/network.hpp"
#include "ports/evaluator.hpp"

namespace cordyna::server {

/// Errors: kInvalidArgument: the inputs cannot be rendered.
[[nodiscard]] Result<network::Invocation> invocation_of(const StartAttempt& command,
                                                        const Evaluator& evaluator);
/// Of one that is to end: no inputs.
[[nodiscard]] network::Invocation invocation_of(const CancelAttempt& command);

}  // namespace cordyna::server
