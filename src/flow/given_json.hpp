/// Inputs that come as JSON, as a command line would give them.
#pragma once

#include <string>

#include "base/result.hpp"
#include "flow/flow_file.hpp"

namespace cordyna::flow {

/// `given`: a JSON object by name; null is not given. Lists are for inputs of the types array and
/// multiselect, any value for json. Errors: kInvalidArgument: no object.
[[nodiscard]] Result<GivenInputs> given_of_json(const Flow& flow, const std::string& given);

}  // namespace cordyna::flow
