/// Values of inputs: text as on a command line to JSON of the input's type.
#pragma once

#include <string>
#include <string_view>

#include "base/result.hpp"
#include "model/flow.hpp"

namespace cordyna::flow {

/// JSON text. Dates, datetimes and durations stay strings, checked. Errors: kInvalidArgument,
/// saying what the type wants ("a date like 2026-11-21").
[[nodiscard]] Result<std::string> typed_input(InputType type, std::string_view text);

}  // namespace cordyna::flow
