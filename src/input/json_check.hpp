/// Whether what others sent is one JSON value, before it is put into another.
///
/// Pure. Threads: any.
#pragma once

#include <string_view>

#include "base/result.hpp"

namespace cordyna::input {

/// Errors: kInvalidArgument: "no JSON: …"; it is nested more than 100 deep.
[[nodiscard]] Result<> check_json(std::string_view text);

}  // namespace cordyna::input
