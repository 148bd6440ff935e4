/// Prepares tasks of type `shell`, and the scripts of `wait_for`.
///
/// In a script of a shell each {{ … }} is bound to an environment variable (tmpl::bind_shell), so
/// that no value becomes program text. A script of another interpreter, one of a file, and one that
/// is compiled are run as they stand; they get values through `env:`, and find all that templates
/// know, but for secrets, as JSON in the file that $DYNA_VALUES names.
///
/// A script in a compiled language is run by `dyna script-step` (script_step.hpp).
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "ports/launch.hpp"
#include "ports/secrets.hpp"

namespace cordyna {

/// Scripts above this are run from a file: one argument holds 128 KiB.
inline constexpr std::size_t kInlineScriptMax = 100'000;

/// Whether `interpreter` (a program with its options) is a shell whose quoting bind_shell knows;
/// "/usr/bin/env bash" too.
[[nodiscard]] bool is_shell(const std::vector<std::string>& interpreter);

class ShellPreparer final : public Preparer {
 public:
  /// Borrows the secrets. `program`: ours, which compiles scripts; `programs`: an absolute folder,
  /// where it keeps what it compiled.
  explicit ShellPreparer(const Secrets& secrets, std::string program = {},
                         std::string programs = {})
      : secrets_(secrets), program_(std::move(program)), programs_(std::move(programs)) {}

  [[nodiscard]] std::expected<Launch, TaskError> prepare(const StartAttempt& command,
                                                         const AttemptPaths& paths) override;

 private:
  const Secrets& secrets_;
  std::string program_;
  std::string programs_;
};

}  // namespace cordyna
