/// The names in the first record of a CSV file.
///
/// DuckDB takes the columns it is told by their place, whatever the header says, so a renamed or
/// reordered file would load silently wrong. The header is therefore read here and compared.
/// Pure. Threads: any.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"

namespace cordyna::data {

struct CsvHeader {
  std::vector<std::string> names;  ///< without quotes and surrounding blanks
  std::size_t lines = 1;           ///< lines it takes; a quoted name may hold line breaks
};

/// `text` is the front of the file; a byte order mark is skipped. `quote` may be empty.
/// Errors: kInvalidArgument: empty, or a quote that is not closed.
[[nodiscard]] Result<CsvHeader> parse_csv_header(std::string_view text, std::string_view delimiter,
                                                 std::string_view quote);

}  // namespace cordyna::data
