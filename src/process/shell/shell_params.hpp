/// The keys of the types `shell` and `python`, read from TaskSpec::params.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"

namespace cordyna {

struct ShellParams {
  std::string script;                    ///< its text, also of a file
  std::string file;                      ///< what the file is called; "": the text is the task's
  std::vector<std::string> interpreter;  ///< templates; at least one, where there is no language
  std::string language;                  ///< "": it is not compiled
  std::vector<std::string> compiler;     ///< at least one, where there is a language
};

struct PythonParams {
  std::string script;     ///< or, where it is not empty:
  std::string function;   ///< MODULE:FUNCTION
  std::string arguments;  ///< a JSON object with templates; empty: the inputs of the flow
  std::vector<std::string> requirements;
  std::vector<std::string> path;
  std::string python;  ///< a template
};

/// Whether the keys of a `shell` task name a language that is compiled. Cheap where they do not.
[[nodiscard]] bool is_compiled(std::string_view params);

/// Errors: kInvalidArgument, naming the key.
[[nodiscard]] Result<ShellParams> read_shell_params(std::string_view params);
[[nodiscard]] Result<PythonParams> read_python_params(std::string_view params);

}  // namespace cordyna
