/// For the tests: a text that is refused, and where.
#pragma once

#include <fmt/format.h>

#include <ostream>
#include <string>
#include <vector>

#include "flow/diagnostics.hpp"

namespace cordyna::flow {

struct BadCase {
  std::string name;
  std::string text;
  std::string expected;  // "line:column code" of each finding, in order
  std::string fragment;  // of the first message
};

inline void PrintTo(const BadCase& row, std::ostream* out) {
  *out << row.name;
}

inline std::string places(const std::vector<Diagnostic>& diagnostics) {
  std::string out;
  for (const Diagnostic& found : diagnostics) {
    out += fmt::format("{}{}:{} {}", out.empty() ? "" : ", ", found.line, found.column, found.code);
  }
  return out;
}

}  // namespace cordyna::flow
