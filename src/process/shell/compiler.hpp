/// The compilers of C, Rust, Go and Java: which one it is, what it is told, and what it said.
///
/// Threads: one.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "process/shell/script_step_file.hpp"

namespace cordyna::script {

/// What runs instead of the script.
inline constexpr const char* kProgramFile = "program";  ///< in the folder of what was compiled
inline constexpr const char* kClassesFolder = "classes";

struct Compiler {
  std::vector<std::string> command;  ///< the program, by its path, and what stands before options
  std::vector<std::string> options;
  std::string identity;  ///< path, size, time and version: other ones make other programs
  std::string version;   ///< its first line; "": it does not tell
};

/// Looks for it in $PATH and asks for its version. Errors: kNotFound: there is none, with the
/// package that has it; kUnavailable: it cannot be started.
[[nodiscard]] Result<Compiler> find_compiler(const ScriptStep& step);

/// What a program of the script is known by: 32 hexadecimal digits.
[[nodiscard]] std::string program_key(const ScriptStep& step, const Compiler& compiler,
                                      std::string_view source);

struct Compiled {
  int exit_code = 0;   ///< of the compiler; 128 + signal
  std::string output;  ///< what it said
};

/// Compiles `source` into `folder`, which is empty. What the compiler says goes to standard output,
/// too. `lock` is left open for it. Errors: kUnavailable: a file cannot be written, the compiler
/// cannot be started.
[[nodiscard]] Result<Compiled> compile(const ScriptStep& step, const Compiler& compiler,
                                       std::string_view source, const std::string& folder,
                                       int lock);

/// What runs the program in `folder`. Errors: kNotFound: Java's machine is missing.
[[nodiscard]] Result<std::vector<std::string>> run_command(const ScriptStep& step,
                                                           const Compiler& compiler,
                                                           const std::string& folder);

/// Of what a compiler said, the part that tells of the error, on one line of at most 220 bytes.
[[nodiscard]] std::string essence(std::string_view language, std::string_view output);

}  // namespace cordyna::script
