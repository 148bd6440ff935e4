/// A check of JSON values, whoever made it: those who have values to check need not know of what
/// kind it is.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace cordyna {

/// One thing that is wrong with a value, a request or a document.
struct Flaw {
  std::string at;      ///< "#/inputs/day" of a body, "limit" of a query
  std::string detail;  ///< what was found and what would be right

  bool operator==(const Flaw&) const = default;
};

/// Threads: any; a check is immutable.
class ValueCheck {
 public:
  ValueCheck() = default;
  virtual ~ValueCheck() = default;
  ValueCheck(const ValueCheck&) = delete;
  ValueCheck& operator=(const ValueCheck&) = delete;

  /// What is wrong with a JSON text; empty: nothing. At most ten flaws, each at its JSON pointer.
  [[nodiscard]] virtual std::vector<Flaw> flaws_of(std::string_view json) const = 0;
};

}  // namespace cordyna
