/// Results as JUnit XML, which CI systems read.
///
/// Pure. Threads: any.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/time.hpp"

namespace cordyna::flowtest {

struct JunitCase {
  std::string name;
  std::uint32_t line = 0;
  Millis took = 0;      ///< by a real clock
  std::string failure;  ///< empty: it has passed
};

struct JunitSuite {
  std::string name;  ///< the file of tests
  std::vector<JunitCase> cases;
  std::string error;  ///< the file is wrong, and has no cases
};

[[nodiscard]] std::string junit_xml(const std::vector<JunitSuite>& suites);

}  // namespace cordyna::flowtest
