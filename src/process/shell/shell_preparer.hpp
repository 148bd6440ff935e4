/// Prepares tasks of type `shell`.
///
/// In a script of a shell each {{ … }} is bound to an environment variable (tmpl::bind_shell), so
/// that no value becomes program text. A script of another interpreter is run as it stands; it gets
/// values through `env:`.
#pragma once

#include <string_view>
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
  explicit ShellPreparer(const Secrets& secrets) : secrets_(secrets) {}

  [[nodiscard]] std::expected<Launch, TaskError> prepare(const StartAttempt& command,
                                                         const AttemptPaths& paths) override;

 private:
  const Secrets& secrets_;
};

}  // namespace cordyna
