/// The types of contract columns, and how text becomes a value of them, strictly.
///
/// DuckDB's own casts are too kind for a contract: '12.7' becomes the integer 13, '1e3' becomes
/// 1000, '1_000' becomes 1000, '2024-01-02x' becomes a date. So text is matched by a pattern first,
/// and what does not match becomes NULL, which the load counts as a reject.
///
/// Pure. Threads: any.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.hpp"

namespace cordyna::data {

enum class TypeName : std::uint8_t {
  kString,
  kInt32,
  kInt64,
  kDouble,
  kDecimal,
  kDate,
  kTimestamp,
  kBool,
};

struct ColumnType {
  TypeName name = TypeName::kString;
  std::uint32_t precision = 0;  ///< decimal
  std::uint32_t scale = 0;      ///< decimal

  bool operator==(const ColumnType&) const = default;
};

/// "string int32 int64 double decimal(p,s) date timestamp bool". Errors: kInvalidArgument, with the
/// list.
[[nodiscard]] Result<ColumnType> parse_type(std::string_view text);

/// As in a contract: "decimal(4,2)".
[[nodiscard]] std::string to_string(const ColumnType& type);

/// As DuckDB names it: "DECIMAL(4,2)".
[[nodiscard]] std::string sql_type(const ColumnType& type);

/// An SQL expression of `type` over the text expression `text`: NULL where the text is not a value
/// of the type. `format`: strptime's, for date and timestamp; empty: ISO 8601. A time with a zone
/// becomes UTC.
[[nodiscard]] std::string strict_cast(std::string_view text, const ColumnType& type,
                                      std::string_view format);

/// Whether a Parquet column of DuckDB's type `source` holds values of the same kind, so that a cast
/// loses nothing but what is out of range.
[[nodiscard]] bool same_kind(std::string_view source, const ColumnType& type);

}  // namespace cordyna::data
