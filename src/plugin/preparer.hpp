/// Tasks of plugins made ready to run.
///
/// Threads: as Preparer says.
#pragma once

#include <expected>
#include <functional>
#include <string>
#include <utility>

#include "model/plugin.hpp"
#include "ports/launch.hpp"
#include "ports/secrets.hpp"

namespace cordyna::plugin {

/// The program of a type, as the project of a flow's folder says now. Errors: kNotFound; those of
/// reading the project's file.
using FindProgram =
    std::function<Result<PluginProgram>(const std::string& folder, const std::string& type)>;

/// Renders a task's inputs, holds them to the schema that its flow was checked with, and makes of
/// it the command `dyna plugin-step FILE`. Secrets go along in the environment.
class PluginPreparer final : public Preparer {
 public:
  /// `dyna`: the absolute path of this program. Borrows the secrets.
  PluginPreparer(std::string dyna, const Secrets& secrets, FindProgram find)
      : dyna_(std::move(dyna)), secrets_(secrets), find_(std::move(find)) {}

  [[nodiscard]] std::expected<Launch, TaskError> prepare(const StartAttempt& command,
                                                         const AttemptPaths& paths) override;

 private:
  std::string dyna_;
  const Secrets& secrets_;
  FindProgram find_;
};

}  // namespace cordyna::plugin
