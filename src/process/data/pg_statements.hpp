/// The SQL that shares and loads send to PostgreSQL. Every name in it is quoted.
///
/// Pure. Threads: any.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "process/data/pg_types.hpp"

namespace cordyna::data {

/// The table in which shares are noted down, in the schema of their targets.
inline constexpr std::string_view kLedger = "dyna_shares";

/// Settings of a transaction that has just begun: those of the connection, then ours, on which the
/// form of values depends.
[[nodiscard]] std::string settings_sql(const Connection& connection);

[[nodiscard]] std::vector<std::string> names_of(const std::vector<SourceColumn>& columns);

[[nodiscard]] std::string create_ledger_sql(const std::string& schema);
/// Errors: kTargetMisfit: a type that PostgreSQL does not have. `key`: its primary key; empty:
/// none.
[[nodiscard]] StepResult<std::string> create_table_sql(const std::string& table,
                                                       const std::vector<SourceColumn>& columns,
                                                       const std::vector<std::string>& key);
/// `frozen`: the rows are there for every snapshot, once the table is: only for a table that is
/// made in the same transaction.
[[nodiscard]] std::string copy_in_sql(const std::string& table,
                                      const std::vector<SourceColumn>& columns, bool frozen);
[[nodiscard]] std::string insert_all_sql(const std::string& table, const std::string& staging,
                                         const std::vector<SourceColumn>& columns);
/// Rows that would not change are not written.
[[nodiscard]] std::string upsert_sql(const std::string& table, const std::string& staging,
                                     const std::vector<SourceColumn>& columns,
                                     const std::vector<std::string>& key,
                                     const std::vector<TableColumn>& types);
/// Keys that are there twice ("k1, k2", times), at most three.
[[nodiscard]] std::string twice_sql(const std::string& staging,
                                    const std::vector<std::string>& key);
/// How many rows have no value in one of the key's columns.
[[nodiscard]] std::string keyless_sql(const std::string& staging,
                                      const std::vector<std::string>& key);

// Questions about a table; $1 is its OID.

/// name, type as shown, type's base name, modifier, is enum, required, generated.
extern const std::string_view kColumnsSql;
/// One row for each thing for which a new table of the same form could not stand in.
extern const std::string_view kHangingSql;
/// Foreign keys of other tables on it: name, table.
extern const std::string_view kReferencesSql;
/// Indexes on plain columns that let no key in twice: OID of the index, name of a column.
extern const std::string_view kUniqueSql;
/// Pairs of indexes, one of $1 and the same of $2: its name there, its name here.
extern const std::string_view kIndexPairsSql;
/// Statements that give $2 (OID) the grants and the comment of $1.
extern const std::string_view kTakeOverSql;

}  // namespace cordyna::data
