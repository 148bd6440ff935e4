/// Expected values against found ones, as JSON: what is not named in a map is not compared.
///
/// Numbers are compared by value: 12 is 12.0. Pure. Threads: any.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace cordyna::flowtest {

/// One place at which the two differ.
struct Difference {
  std::string where;     ///< "a.b[2]"; empty: the whole
  std::string expected;  ///< JSON
  std::string found;     ///< JSON, or "nothing"

  bool operator==(const Difference&) const = default;
};

/// All places at which `found` is not as `expected`, in order. Lists have the same length; an empty
/// `found` is an empty object.
[[nodiscard]] std::vector<Difference> compare(std::string_view expected, std::string_view found);

/// Rows that have no partner on the other side, in any order of rows.
struct RowDifferences {
  std::vector<std::string> missing;     ///< expected, and not found
  std::vector<std::string> unexpected;  ///< found, and not expected; of columns that were named
};
[[nodiscard]] RowDifferences compare_rows(const std::vector<std::string>& expected,
                                          const std::vector<std::string>& found);

/// `text`, cut where it is long.
[[nodiscard]] std::string shortened(std::string_view text);

}  // namespace cordyna::flowtest
