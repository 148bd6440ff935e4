/// Tasks of type `http` made ready to run.
#pragma once

#include <expected>
#include <string>
#include <utility>

#include "ports/launch.hpp"
#include "ports/secrets.hpp"

namespace cordyna::web {

/// Renders the task's keys, checks them, and makes of them the command `dyna http-step FILE`. What
/// holds a secret goes along in the environment, and stands in the file as "***".
class HttpPreparer final : public Preparer {
 public:
  /// `dyna`: the absolute path of this program. Borrows the secrets.
  HttpPreparer(std::string dyna, const Secrets& secrets)
      : dyna_(std::move(dyna)), secrets_(secrets) {}

  [[nodiscard]] std::expected<Launch, TaskError> prepare(const StartAttempt& command,
                                                         const AttemptPaths& paths) override;

 private:
  std::string dyna_;
  const Secrets& secrets_;
};

}  // namespace cordyna::web
