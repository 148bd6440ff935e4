/// The params of the steps that treat single columns: standardize and secure.
///
/// Only for .cpp files of this folder. Threads: any.
#pragma once

#include <boost/json/fwd.hpp>

#include "process/data/step.hpp"

namespace cordyna::data {

/// Errors: kInputInvalid, naming the key.
[[nodiscard]] StepResult<StandardizeParams> parse_standardize(const boost::json::object& params);
[[nodiscard]] StepResult<SecureParams> parse_secure(const boost::json::object& params);

}  // namespace cordyna::data
