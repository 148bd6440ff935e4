/// Which statuses of HTTP are meant: 200-299, 404.
///
/// Pure. Threads: any.
#pragma once

#include <string_view>
#include <vector>

#include "base/result.hpp"

namespace cordyna {

struct StatusRange {
  int first = 200;
  int last = 299;

  bool operator==(const StatusRange&) const = default;
};
using StatusRanges = std::vector<StatusRange>;

/// "204" or "200-299", within 200 to 599. Errors: kInvalidArgument.
[[nodiscard]] Result<StatusRange> parse_status_range(std::string_view text);

/// Several, with commas between them: at least one.
[[nodiscard]] Result<StatusRanges> parse_status_ranges(std::string_view text);

[[nodiscard]] bool holds(const StatusRanges& ranges, int status);

}  // namespace cordyna
