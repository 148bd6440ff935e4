/// Why a run was begun, as an invoke says it.
///
/// Pure. Threads: any.
#pragma once

#include <string>

#include "model/attempt.hpp"

namespace cordyna::protocol {

/// The `trigger` of a `task.invoke`: JSON.
[[nodiscard]] std::string trigger_json(const StartAttempt& command);

}  // namespace cordyna::protocol
