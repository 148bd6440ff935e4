/// What lies beside a task of type `python`: who runs it, and what is to be run.
#pragma once

#include <string>
#include <vector>

#include "base/result.hpp"
#include "ports/launch.hpp"
#include "process/shell/shell_params.hpp"

namespace cordyna {

/// Names in the attempt's folder.
inline constexpr const char* kPythonRunner = "cordyna_run.py";

/// One of the texts that the build made a part of the program.
[[nodiscard]] LaunchFile python_file(std::string_view name);

/// The modules that know annotations and values, as cordyna_run.py reads them.
[[nodiscard]] LaunchFile python_values_file();

/// The files of a module of the folder that it is imported from: MODULE.py, or all of a package's
/// that end in .py; none where it is not there. Errors: kInvalidArgument: too many of them.
[[nodiscard]] Result<std::vector<std::string>> module_files(const std::string& folder,
                                                            std::string_view module);

}  // namespace cordyna
