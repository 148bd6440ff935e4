/// Renders one task's templates when it is handed out, and remembers which secrets that took.
///
/// One for each attempt. `env('X')` reads the owner's environment, but never DYNA_SECRET_ names:
/// those are secrets, and only `secret('X')` masks them. Threads: one at a time.
#pragma once

#include <expected>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "model/attempt.hpp"
#include "model/task_error.hpp"
#include "ports/secrets.hpp"
#include "template/template.hpp"

namespace cordyna {

class TaskRenderer {
 public:
  using Env = std::vector<std::pair<std::string, std::string>>;

  TaskRenderer(const Secrets& secrets, const StartAttempt& command);

  /// For the functions of tmpl; lives no longer than this.
  [[nodiscard]] tmpl::Lookup lookup();

  /// A string of the task; `key` names it in messages.
  [[nodiscard]] std::expected<std::string, TaskError> text(std::string_view key,
                                                           std::string_view value);

  /// `env:` of the task.
  [[nodiscard]] std::expected<Env, TaskError> env();

  /// The error of `key` as one of the task: SECRET_MISSING where a secret could not be had.
  [[nodiscard]] TaskError error(std::string_view key, const Error& error) const;

  [[nodiscard]] const TaskSpec& task() const { return task_; }

  /// The secrets found so far, each once, none empty.
  [[nodiscard]] const std::vector<std::string>& masks() const { return masks_; }

 private:
  Result<std::string> find_secret(std::string_view name);

  const Secrets& secrets_;
  const StartAttempt& command_;
  const TaskSpec& task_;
  std::vector<std::string> masks_;
  bool secret_failed_ = false;
};

}  // namespace cordyna
