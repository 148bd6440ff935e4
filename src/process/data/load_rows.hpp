/// The rows of a load's source as SQL: how they are read, and each value in its type.
///
/// Pure. Threads: any.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "process/data/compile.hpp"

namespace cordyna::data {

/// Read as one value a line: nothing in a text file holds these four bytes in a row.
inline constexpr std::string_view kNoDelimiter = "E'\\x01\\x02\\x03\\x04'";
inline constexpr std::uint64_t kLineBytesMax = std::uint64_t{16} << 20;

/// Which rows have values of the wrong type: compile_load leaves it to compile_rejects.
inline constexpr std::string_view kOutCast = "out/cast.parquet";

/// Compression and encoding, with a comma before each.
[[nodiscard]] std::string shared_options(const LoadParams& load);
/// A table of the lines as they are, in the column `l`.
[[nodiscard]] std::string read_lines(const LoadParams& load, bool encoding_broken);
/// All columns as text, named by their place: names of the file may differ only in case.
[[nodiscard]] std::string read_csv_text(const LoadParams& load, const LoadSource& source);

/// A path that finds exactly this key, whatever is in it.
[[nodiscard]] std::string json_path(std::string_view key);
/// The value of one column as it stands in the source: text, or a Parquet column.
[[nodiscard]] std::string raw_value(const LoadParams& load, const LoadSource& source,
                                    const ColumnSource& column);

/// With a contract: whether rows with values of a wrong type go to quarantine.
[[nodiscard]] bool quarantines_types(const LoadParams& load);
/// A condition on `loaded`: the row has values of the wrong type, and is a reject for it.
[[nodiscard]] std::string is_rejected(const LoadParams& load);

/// Makes the table `loaded`: the contract's columns, the places of those whose text is no value of
/// their type (__dyna_cast), the places of rules that the row breaks (__dyna_bad).
[[nodiscard]] std::string typed_table(const LoadParams& load, const LoadSource& source);
/// A select of the contract's columns, for CSV and Parquet. It fails at a row that has such a value
/// or breaks such a rule.
[[nodiscard]] std::string clean_rows(const LoadParams& load, const LoadSource& source);

/// Of a list comprehension over places of columns (__dyna_i): why that value is wrong. `values`:
/// SQL of its text.
[[nodiscard]] std::string reason_lists(const LoadSource& source, std::string_view values);
/// Writes the table `rejects` to kOutRejects, and gives the first three.
[[nodiscard]] std::string first_rejects_sql();

}  // namespace cordyna::data
