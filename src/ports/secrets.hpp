/// Where `secret('X')` looks.
#pragma once

#include <string>
#include <string_view>

#include "base/result.hpp"

namespace cordyna {

/// Looked up only when a task is handed out; never stored, masked wherever it would be printed.
class Secrets {
 public:
  virtual ~Secrets() = default;

  /// Errors: kNotFound, saying where it was looked for and how to set it; kUnavailable for a file
  /// that others can read. Threads: any.
  [[nodiscard]] virtual Result<std::string> find(std::string_view name) const = 0;
};

}  // namespace cordyna
