/// Prepares tasks of type `python`.
///
/// The script is run as it stands, without templates. Beside it lies the module `cordyna_task`,
/// which offers `inputs`, `outputs`, `run`, `flow`, `task`, `vars`, `labels`, `error`,
/// `set_output(name, value)` and `artifact(path)`; its data comes from a JSON file, never from
/// program text. Secrets come through `env:`.
#pragma once

#include "ports/launch.hpp"
#include "ports/secrets.hpp"

namespace cordyna {

class PythonPreparer final : public Preparer {
 public:
  explicit PythonPreparer(const Secrets& secrets) : secrets_(secrets) {}

  [[nodiscard]] std::expected<Launch, TaskError> prepare(const StartAttempt& command,
                                                         const AttemptPaths& paths) override;

 private:
  const Secrets& secrets_;
};

}  // namespace cordyna
