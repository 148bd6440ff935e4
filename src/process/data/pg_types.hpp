/// How values go between DuckDB and PostgreSQL: which types fit, and how they are written in CSV.
///
/// Pure. Threads: any.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "pg/connection.hpp"
#include "process/data/step.hpp"

namespace cordyna::data {

/// The type of a new table's column for DuckDB's `type`. Errors: kTargetMisfit: there is none.
[[nodiscard]] StepResult<std::string> pg_type_for(const SourceColumn& column);

/// A column of a table that is there.
struct TableColumn {
  std::string name;
  std::string type;  ///< as shown: "numeric(10,2)"
  std::string base;  ///< its name in the catalog, a domain's the one below it: "numeric"
  std::int32_t modifier = -1;
  bool is_enum = false;
  bool required = false;   ///< NOT NULL, and nothing is filled in for it
  bool generated = false;  ///< takes no values
};

/// Whether every value of DuckDB's `type` is one of the column, unchanged.
[[nodiscard]] bool fits(std::string_view type, const TableColumn& column);

/// What keeps the data out of the table, each with what would be right; empty: it fits.
[[nodiscard]] std::vector<std::string> misfits(const std::vector<SourceColumn>& data,
                                               const std::vector<TableColumn>& table,
                                               std::string_view shown_table,
                                               std::string_view quoted_table);

/// DuckDB's script that writes "in/0" as CSV to `file`, for COPY.
[[nodiscard]] std::string share_csv_sql(const std::vector<SourceColumn>& columns,
                                        std::string_view file);

/// "SELECT * FROM …", for people and to be described.
[[nodiscard]] std::string source_sql(const DatabaseSource& source);
/// COPY of it as CSV, each column in the form that fetched_sql reads.
[[nodiscard]] std::string fetch_sql(const DatabaseSource& source,
                                    const std::vector<PgColumn>& columns);
/// DuckDB's script that makes `parquet` of that CSV, types kept.
[[nodiscard]] std::string fetched_sql(const std::vector<PgColumn>& columns, std::string_view csv,
                                      std::size_t row_bytes_max, std::string_view parquet);
/// Columns whose numbers come as text, since their type bounds no digits.
[[nodiscard]] std::vector<std::string> unbounded_numbers(const std::vector<PgColumn>& columns);

}  // namespace cordyna::data
