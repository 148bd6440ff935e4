/// Tasks of type `container` made ready to run.
#pragma once

#include <expected>
#include <string>
#include <utility>

#include "ports/launch.hpp"
#include "ports/secrets.hpp"

namespace cordyna::container {

/// Renders the task's keys, checks them and what the administrator allows, and makes of them the
/// command `dyna container-step FILE`. Secrets go along in the environment: they are refused
/// everywhere but in `env` and `auth`.
class ContainerPreparer final : public Preparer {
 public:
  /// `dyna`: the absolute path of this program. `state_folder`: absolute. Borrows the secrets.
  ContainerPreparer(std::string dyna, std::string state_folder, const Secrets& secrets)
      : dyna_(std::move(dyna)), state_folder_(std::move(state_folder)), secrets_(secrets) {}

  [[nodiscard]] std::expected<Launch, TaskError> prepare(const StartAttempt& command,
                                                         const AttemptPaths& paths) override;

 private:
  std::string dyna_;
  std::string state_folder_;
  const Secrets& secrets_;
};

}  // namespace cordyna::container
