/// The keys of a task of type `sql`.
///
/// Tables only.
#pragma once

#include <array>

#include "flow/connection_keys.hpp"
#include "flow/key_spec.hpp"

namespace cordyna::flow::sql_detail {

using K = ValueKind;

inline constexpr std::array kSqlTask{
    connection_detail::kDatabaseConnection,
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
