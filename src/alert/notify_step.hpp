/// `dyna notify-step FILE`: the process that a guardian watches while people are told something.
#pragma once

#include <functional>
#include <string>

#include "base/result.hpp"
#include "model/alert.hpp"

namespace cordyna::alert {

/// Of a teams.yaml at an absolute path. Errors: as `flow::load_teams`.
using LoadPlan = std::function<Result<AlertPlan>(const std::string& file)>;

/// Sends the message that the file describes to each of its channels, once. Fails where one of them
/// cannot be told, after all were tried. What came of it stands in $DYNA_REPORT.
[[nodiscard]] int notify_step_main(const std::string& path, const LoadPlan& load);

}  // namespace cordyna::alert
