/// The checks: each brings a server to one point, and looks at what it does there.
///
/// Values. Threads: a check has its world for itself.
#pragma once

#include <span>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "conformance/judges.hpp"
#include "conformance/world.hpp"

namespace cordyna::conformance {

struct Check {
  std::string_view name;
  int level;               ///< 0: of servers over HTTP; 1: of those with a socket; 2: of level 2
  std::string_view rule;   ///< what has to hold, for people
  std::string_view where;  ///< in docs/protocol.md
  Result<> (*run)(World& world);
  /// Of a rule that holds always: it is looked at in what was recorded in all checks. Else null.
  Judge judge = nullptr;
};

[[nodiscard]] std::span<const Check> session_checks();
[[nodiscard]] std::span<const Check> attempt_checks();
[[nodiscard]] std::span<const Check> receipt_checks();
[[nodiscard]] std::span<const Check> resume_checks();
[[nodiscard]] std::span<const Check> leaving_checks();
[[nodiscard]] std::span<const Check> http_checks();
/// Those with a `judge`.
[[nodiscard]] std::span<const Check> standing_checks();

/// All of them, in the order in which they are shown; the standing ones last.
[[nodiscard]] const std::vector<Check>& all_checks();

}  // namespace cordyna::conformance
