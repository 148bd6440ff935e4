/// From a task to the order for a guardian.
#pragma once

#include <expected>
#include <string>

#include "model/layout.hpp"
#include "ports/launch.hpp"
#include "process/local/local_process.hpp"
#include "process/local/protocol.hpp"

namespace cordyna::local {

/// The attempt's folder below runs/: "12/3-1".
[[nodiscard]] std::string attempt_name(const StateLayout& layout, const AttemptKey& key,
                                       TaskIndex task);

/// What all processes of an attempt have in their environment, whoever started them.
[[nodiscard]] std::string attempt_mark(const StateLayout& layout, const std::string& name);

/// Prepares the attempt. Errors: a TaskError with phase kPrepare.
/// Where its report is believed at all, also gives it $DYNA_REPORT.
[[nodiscard]] std::expected<StartOrder, TaskError> make_order(const StateLayout& layout,
                                                              const LocalSettings& settings,
                                                              Preparer* preparer,
                                                              const StartAttempt& command,
                                                              ReportTrust trust);

}  // namespace cordyna::local
