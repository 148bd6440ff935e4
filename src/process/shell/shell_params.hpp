/// The keys of the types `shell` and `python`, read from TaskSpec::params.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"

namespace cordyna {

struct ShellParams {
  std::string script;
  std::vector<std::string> interpreter;  ///< templates; at least one
};

struct PythonParams {
  std::string script;     ///< or, where it is not empty:
  std::string function;   ///< MODULE:FUNCTION
  std::string arguments;  ///< a JSON object with templates; empty: the inputs of the flow
  std::vector<std::string> requirements;
  std::vector<std::string> path;
  std::string python;  ///< a template
};

/// Errors: kInvalidArgument, naming the key.
[[nodiscard]] Result<ShellParams> read_shell_params(std::string_view params);
[[nodiscard]] Result<PythonParams> read_python_params(std::string_view params);

}  // namespace cordyna
