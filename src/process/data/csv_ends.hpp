/// Lines of CSV with a value too many at their end that is empty: DuckDB takes `1,000,5,` for a row
/// of three columns, though a value has moved.
///
/// Threads: any.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"

namespace cordyna::data {

struct CsvShape {
  char delimiter = ',';
  char quote = '"';  ///< '\0': none
  std::size_t columns = 0;
  std::vector<std::string> nulls;  ///< texts that are no value; the empty one always is
};

/// What stands behind the last delimiter of a marked line, so that DuckDB rejects the line.
inline constexpr char kOverlongMark = '\x01';

/// How many such lines the file has. It is read in pieces, once, and only its lines that end like
/// one are looked at closely. Not looked at: records longer than 4 MiB, which DuckDB refuses.
/// Errors: kUnavailable.
[[nodiscard]] Result<std::uint64_t> count_overlong(const std::string& path, const CsvShape& shape);

/// A copy of the file in which each of them is marked. Errors: kUnavailable.
[[nodiscard]] Result<> mark_overlong(const std::string& from, const std::string& to,
                                     const CsvShape& shape);

}  // namespace cordyna::data
