/// Templates, deterministic: the same text and context give the same result; no clock, no
/// environment.
#pragma once

#include <string>
#include <string_view>

#include "base/result.hpp"

namespace cordyna {

class Evaluator {
 public:
  virtual ~Evaluator() = default;

  /// The text with its templates replaced. `context` is a JSON object. `secret('X')` and `env('X')`
  /// give "***" here: what the engine renders is stored.
  /// Errors: kInvalidArgument, naming the undefined name or the wrong type. Threads: any.
  [[nodiscard]] virtual Result<std::string> render(std::string_view text,
                                                   std::string_view context) const = 0;

  /// A JSON value with each string in it rendered; a string that is exactly one "{{ expression }}"
  /// becomes the expression's value with its type. Errors: as render.
  [[nodiscard]] virtual Result<std::string> render_json(std::string_view json,
                                                        std::string_view context) const = 0;

  /// Of a template that gives true or false ("{{ inputs.n > 3 }}"); texts "true" and "false" count
  /// too. Errors: kInvalidArgument, also for any other value.
  [[nodiscard]] virtual Result<bool> condition(std::string_view text,
                                               std::string_view context) const = 0;
};

}  // namespace cordyna
