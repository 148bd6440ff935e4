/// Whether and when a failed attempt is made again.
#pragma once

#include <cstdint>
#include <string_view>

#include "base/time.hpp"
#include "model/flow.hpp"
#include "model/task_error.hpp"

namespace cordyna::engine {

/// Whether attempt number `attempt` (from 1), which failed with `error`, is followed by another.
/// `on` lists exit codes, kinds or codes; without it, whatever is retryable.
[[nodiscard]] bool should_retry(const Retry& retry, std::uint32_t attempt, const TaskError& error);

/// The delay before the attempt after number `attempt`: between b and b + b/2 with jitter, else b,
/// where b is constant: `delay`; exponential: `delay` doubled each time; random: from `delay` to
/// `max_delay` (three times `delay` where there is none); never above `max_delay`. The draw depends
/// on `seed` and `attempt` alone.
[[nodiscard]] Millis retry_delay(const Retry& retry, std::uint32_t attempt, std::string_view seed);

}  // namespace cordyna::engine
