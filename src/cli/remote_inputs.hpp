/// Values for inputs on their way to a server.
#pragma once

#include <string>
#include <string_view>

#include "base/result.hpp"
#include "flow/flow_file.hpp"
#include "model/flow.hpp"

namespace cordyna::cli {

/// The JSON object of what was given, and of nothing else: defaults are the server's, which knows
/// the run. Paths are of the server's machine, and go there as they are. `run_context`, `places`:
/// as of flow::resolve_inputs. `all`: what is not given must have a default; else the run has it
/// already, and names that are not known are the server's to refuse. Errors: those of that.
[[nodiscard]] Result<std::string> remote_inputs(const Flow& flow, const flow::GivenInputs& given,
                                                bool all, std::string_view run_context,
                                                const flow::InputPlaces& places);

}  // namespace cordyna::cli
