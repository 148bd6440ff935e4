/// Tasks of type `sql` made ready to run.
#pragma once

#include <expected>
#include <string>
#include <utility>

#include "ports/launch.hpp"
#include "ports/secrets.hpp"

namespace cordyna::sql {

/// Binds the task's values, checks its keys, and makes of them the command `dyna sql-step FILE`.
/// Statements with secrets, and the connection's password, go along in the environment.
class SqlPreparer final : public Preparer {
 public:
  /// `dyna`: the absolute path of this program. Borrows the secrets.
  SqlPreparer(std::string dyna, const Secrets& secrets)
      : dyna_(std::move(dyna)), secrets_(secrets) {}

  [[nodiscard]] std::expected<Launch, TaskError> prepare(const StartAttempt& command,
                                                         const AttemptPaths& paths) override;

 private:
  std::string dyna_;
  const Secrets& secrets_;
};

}  // namespace cordyna::sql
