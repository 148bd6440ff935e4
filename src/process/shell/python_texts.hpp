/// The Python files that lie beside a task of type `python`: those of python/, and the modules of
/// sdk/python that know annotations and values. Made a part of the program by the build.
#pragma once

#include <span>
#include <string_view>

namespace cordyna {

struct NamedText {
  std::string_view name;  ///< "cordyna_run.py"
  std::string_view text;
};

[[nodiscard]] std::span<const NamedText> python_texts();
/// Each needs only those before it.
[[nodiscard]] std::span<const NamedText> python_value_texts();

}  // namespace cordyna
