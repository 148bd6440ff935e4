/// For who listens: hands events to cerebro, and waits.
#pragma once

#include <chrono>
#include <cstdint>
#include <stop_token>

#include "base/result.hpp"
#include "cerebro/cerebro.hpp"

namespace cordyna {

/// Returns when all of it is kept, or none is; how many events are new. Errors: as
/// EventRouter::accept_all. Threads: any but cerebro's.
[[nodiscard]] Result<std::int64_t> take_in(Cerebro& cerebro, const IntakeRequest& request);

/// Waits, but for `stop`. False: it came. Threads: any.
[[nodiscard]] bool rest(std::chrono::milliseconds time, const std::stop_token& stop);

}  // namespace cordyna
