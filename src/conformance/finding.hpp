/// What was found to be broken.
#pragma once

#include <string>

namespace cordyna::conformance {

struct Finding {
  std::string seen;
  std::string right;

  bool operator==(const Finding&) const = default;
};

}  // namespace cordyna::conformance
