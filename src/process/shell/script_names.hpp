/// What a script is called, as its language wants it.
///
/// Pure. Threads: any.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace cordyna::script {

/// The program of an interpreter, without its folder: "python3.11" of {"/usr/bin/env",
/// "python3.11", "-u"}.
[[nodiscard]] std::string_view program_of(const std::vector<std::string>& interpreter);

/// The file that an interpreter is given: "script.R", "script.py"; for node "script.mjs" where a
/// line of `text` begins with import or export, else "script.cjs". Where the interpreter is not
/// known, with the suffix of `file` (the user's own, or ""), or none.
[[nodiscard]] std::string script_file(const std::vector<std::string>& interpreter,
                                      std::string_view text, std::string_view file);

/// How the source of a script is called while it is compiled, so that the compiler's messages name
/// it: the base name of the user's own file where every compiler takes it, else "script" with the
/// suffix of the language ("c", "rust", "go").
[[nodiscard]] std::string source_file(std::string_view language, std::string_view file);

/// The class of a Java program that is run: its public type, else the first one of the text, else
/// "Main".
struct JavaMain {
  std::string type;  ///< "Main"
  std::string name;  ///< with its package: "acme.Main"
};
[[nodiscard]] JavaMain java_main(std::string_view source);

}  // namespace cordyna::script
