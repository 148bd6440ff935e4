/// What `dyna script-step` is told of one attempt: which script it compiles, and by what.
///
/// A value; nothing of it is secret. Threads: none.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"

namespace cordyna::script {

inline constexpr const char* kStepFile = "step.json";      ///< in the attempt's folder
inline constexpr const char* kValuesFile = "values.json";  ///< what $DYNA_VALUES names

struct ScriptStep {
  std::string language;               ///< "c", "rust", "go", "java"
  std::string source;                 ///< a file of the attempt's folder
  std::string name;                   ///< what the source is called for the compiler
  std::string shown;                  ///< what the user calls it: "sum.c", "the script"
  std::string main;                   ///< of Java: the class that is run
  std::vector<std::string> compiler;  ///< the program and its options
  std::string programs;               ///< absolute: the folder of what was compiled

  bool operator==(const ScriptStep&) const = default;
};

[[nodiscard]] std::string to_json(const ScriptStep& step);
/// Errors: kCorrupt.
[[nodiscard]] Result<ScriptStep> parse_script_step(std::string_view text);

}  // namespace cordyna::script
