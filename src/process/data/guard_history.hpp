/// What the preparer tells a guard of the flow and of the dataset's past.
///
/// Threads: any, but for what reads the points.
#pragma once

#include <boost/json/fwd.hpp>
#include <optional>
#include <string>

#include "process/data/preparer.hpp"
#include "process/data/step.hpp"

namespace cordyna::data {

/// The guard that the step is, or has in front of it. Null: none, or one that stands before it in
/// the flow.
[[nodiscard]] const GuardPolicy* guard_before(const Flow& flow, const TaskSpec& task,
                                              const Step& step);

/// The "guard" of step.json. Errors: those of reading the points.
[[nodiscard]] Result<boost::json::object> guard_context(const StartAttempt& command,
                                                        const GuardPolicy& guard,
                                                        const std::string& of,
                                                        const PointSource& points);

/// Stands for the task and all that its data is made by: other steps, another text.
[[nodiscard]] std::string steps_of(const Flow& flow, std::string_view task);

}  // namespace cordyna::data
