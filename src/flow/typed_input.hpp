/// Single values of inputs: text as on a command line to JSON of the input's type.
#pragma once

#include <compare>
#include <string>
#include <string_view>

#include "base/result.hpp"
#include "model/flow.hpp"

namespace cordyna::flow {

/// JSON text. Dates, datetimes, durations, paths and names of secrets stay strings, checked; a path
/// is not looked for. Of no type that is a list. Errors: kInvalidArgument, saying what the type
/// wants ("a date like 2026-11-21").
[[nodiscard]] Result<std::string> typed_input(InputType type, std::string_view text);

/// The order of two values as `typed_input` gave them; unordered for types without an order.
[[nodiscard]] std::partial_ordering compare_inputs(InputType type, std::string_view left,
                                                   std::string_view right);

}  // namespace cordyna::flow
