/// The keys of guards: of a task, of a share, and what the preparer adds about the past.
///
/// Pure. Threads: any. Errors: kInputInvalid, naming the key.
#pragma once

#include <boost/json/fwd.hpp>
#include <optional>

#include "process/data/step.hpp"

namespace cordyna::data {

[[nodiscard]] StepResult<GuardParams> parse_guard(const boost::json::object& params);
/// Of a share: nothing where it says `guard: off`.
[[nodiscard]] StepResult<std::optional<GuardPolicy>> parse_share_guard(
    const boost::json::object& params);
/// Of step.json.
[[nodiscard]] StepResult<std::optional<GuardContext>> parse_guard_context(
    const boost::json::object& step);

/// The column that a metric looks at: "price" of "sum(price)"; empty: of "rows".
[[nodiscard]] std::string column_of(std::string_view metric);

}  // namespace cordyna::data
