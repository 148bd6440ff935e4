/// Prepares tasks of type `python`.
///
/// A script is run as it stands, without templates; a function gets its arguments from a file
/// beside it. So values are data, never program text. Beside both lies the module `cordyna_task`,
/// which offers `inputs`, `outputs`, `run`, `flow`, `task`, `vars`, `labels`, `error`,
/// `set_output(name, value)` and `artifact(path)`. Secrets come through `env:`.
///
/// Who runs them is python/cordyna_run.py, in the attempt's own process, where also the environment
/// of its `requirements` is made.
#pragma once

#include <string>
#include <utility>

#include "ports/launch.hpp"
#include "ports/secrets.hpp"

namespace cordyna {

class PythonPreparer final : public Preparer {
 public:
  /// Borrows the secrets. `uv`: where the program may lie that makes environments, before those of
  /// PATH are looked at; "": nowhere.
  explicit PythonPreparer(const Secrets& secrets, std::string uv = {})
      : secrets_(secrets), uv_(std::move(uv)) {}

  [[nodiscard]] std::expected<Launch, TaskError> prepare(const StartAttempt& command,
                                                         const AttemptPaths& paths) override;

 private:
  const Secrets& secrets_;
  std::string uv_;
};

}  // namespace cordyna
