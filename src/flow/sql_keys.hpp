/// The keys of a task of type `sql`.
///
/// Tables only.
#pragma once

#include <array>

#include "flow/connection_keys.hpp"
#include "flow/key_spec.hpp"

namespace cordyna::flow::sql_detail {

using K = ValueKind;

using connection_detail::kFields;
using connection_detail::kLockTimeout;
using connection_detail::kReadOnly;

inline constexpr std::array kDatabaseTypes{std::string_view("postgres"), std::string_view("sqlite"),
                                           std::string_view("duckdb")};

/// The fields of all three, for the schema: which go together, the reader of connections knows.
inline constexpr std::array kDatabaseFields = [] {
  std::array<KeySpec, kFields.size() + 2> all{};
  for (std::size_t i = 0; i < kFields.size(); ++i) all[i] = kFields[i];
  all[0].words = kDatabaseTypes;
  all[kFields.size()] = kReadOnly;
  all[kFields.size() + 1] = kLockTimeout;
  return all;
}();

inline constexpr KeySpec kDatabaseConnection{
    .name = "connection",
    .kind = K::kObject,
    .description =
        "A connection of type postgres, sqlite or duckdb: the name of a file in connections/ "
        "(beside the nearest cordyna.yaml, else beside the flow) without .yaml, or the connection "
        "itself.",
    .required = true,
    .fields = kDatabaseFields};

inline constexpr std::array kSqlTask{
    kDatabaseConnection,
    KeySpec{
        .name = "sql",
        .kind = K::kSql,
        .description =
            "Statements, parted by ';'. Each {{ … }} is a value beside them, never a part of "
            "their text: as a parameter of PostgreSQL and SQLite, as a quoted literal of DuckDB. "
            "A list is an array where PostgreSQL wants one, else its JSON. Within a quoted name "
            "it is a part of that name.",
        .required = true},
    KeySpec{.name = "transaction",
            .kind = K::kBool,
            .description =
                "Whether the statements are one transaction, which an error takes back. "
                "Some, such as VACUUM or CREATE INDEX CONCURRENTLY, want false: then each "
                "counts by itself.",
            .preset = "true"},
    KeySpec{.name = "save_as",
            .kind = K::kTemplate,
            .description =
                "The artifact that the rows of the last statement become, with their "
                "types: a name that ends in .parquet, .csv or .jsonl. Without it they are "
                "the output rows, or, where they are too many for that, the artifact "
                "rows.jsonl, which the output rows_file names."},
    KeySpec{.name = "memory",
            .kind = K::kSize,
            .description = "What DuckDB may use, also to write Parquet: 256MB, 1GB; at least "
                           "32MiB. Without it, 1GiB.",
            .shared = true,
            .least = std::int64_t{32} << 20},
    KeySpec{.name = "threads",
            .kind = K::kInt,
            .description = "Threads of DuckDB. Without it, 2.",
            .shared = true,
            .least = 1,
            .most = 1024},
};

}  // namespace cordyna::flow::sql_detail
