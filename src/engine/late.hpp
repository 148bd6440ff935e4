/// Runs that take longer than their flow's `late_after`, whether they have begun or not.
///
/// Pure. Threads: none.
#pragma once

#include "base/time.hpp"
#include "engine/timers.hpp"
#include "model/flow.hpp"
#include "model/notice.hpp"
#include "model/rows.hpp"

namespace cordyna::engine {

/// Waits for the moment in which the run is late; nothing where its flow does not say. One that was
/// late before a restart is told again then, and the state leaves it out by its id.
void watch_late(Timers& timers, const RunRow& run, const Flow& flow);
void unwatch_late(Timers& timers, const RunRow& run, const Flow& flow);

/// What its flow's owner is told then.
[[nodiscard]] NoticeRow late_notice(const RunRow& run, const Flow& flow, Millis now);

}  // namespace cordyna::engine
