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
/// Of inputs that the flow gives to the task: whether they are as the task's input_schema wants.
/// Those of the run were looked at when it began. Errors: kInvalidArgument, with places.
[[nodiscard]] Result<> check_inputs(const StartAttempt& command, const std::string& inputs);
/// Of one that is to end: no inputs.
[[nodiscard]] network::Invocation invocation_of(const CancelAttempt& command);

}  // namespace cordyna::server
