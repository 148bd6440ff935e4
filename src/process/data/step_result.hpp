/// Failures of a data step as values: like base/result.hpp, with the error that the task will show.
#pragma once

#include <expected>
#include <string>
#include <utility>

#include "model/task_error.hpp"

namespace cordyna::data {

template <class T = void>
class [[nodiscard]] StepResult : public std::expected<T, TaskError> {
 public:
  using std::expected<T, TaskError>::expected;
};

[[nodiscard]] inline std::unexpected<TaskError> step_fail(TaskErrorCode code, std::string message,
                                                          Phase phase = Phase::kRun) {
  return std::unexpected<TaskError>(make_task_error(code, phase, std::move(message)));
}

}  // namespace cordyna::data

/// Returns the error of `expression` from the enclosing function, or goes on.
#define STEP_TRY(expression)                                                         \
  do {                                                                               \
    auto&& cordyna_try_ = (expression);                                              \
    if (!cordyna_try_.has_value()) {                                                 \
      return std::unexpected<::cordyna::TaskError>(std::move(cordyna_try_.error())); \
    }                                                                                \
  } while (false)

#define STEP_JOIN_(a, b) a##b
#define STEP_JOIN(a, b) STEP_JOIN_(a, b)
/// `STEP_TRY_ASSIGN(const Step step, parse_step(text));` returns the error, or declares `step`.
#define STEP_TRY_ASSIGN(declaration, expression) \
  STEP_TRY_ASSIGN_(STEP_JOIN(step_result_, __LINE__), declaration, expression)
#define STEP_TRY_ASSIGN_(result, declaration, expression)                    \
  auto result = (expression);                                                \
  if (!result.has_value()) {                                                 \
    return std::unexpected<::cordyna::TaskError>(std::move(result.error())); \
  }                                                                          \
  declaration = std::move(*result)
