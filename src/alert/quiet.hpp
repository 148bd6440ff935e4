/// Hours in which nobody is told.
///
/// Reads the machine's database of zones. Threads: any.
#pragma once

#include "base/time.hpp"
#include "model/alert.hpp"

namespace cordyna::alert {

/// `at`, or when the quiet hours that it lies in have ended. A zone that is not known is UTC.
[[nodiscard]] Millis after_quiet(const QuietHours& quiet, Millis at);

}  // namespace cordyna::alert
