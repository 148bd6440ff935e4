/// The SQL of an outbox: what stands in the database for an input.
///
/// A table `cordyna.ID` takes one row for each changed row, written by statement triggers, so that
/// a statement that changes many rows costs little more than its rows do. Rows are read in order of
/// (transaction, number), and only those of transactions older than every one that is still open:
/// numbers are given before a commit and committed in any order, so a reader that goes by the
/// number alone skips rows for ever.
///
/// Pure. Threads: any.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "cordyna/event.hpp"

namespace cordyna::input {

struct PgTable {
  std::string schema;
  std::string name;
  bool operator==(const PgTable&) const = default;
};

/// `orders` is public.orders; quotes keep a name as it is, without them it is lower case.
/// Errors: kInvalidArgument.
[[nodiscard]] Result<PgTable> parse_table(std::string_view text);

/// "a""b"
[[nodiscard]] std::string quote_name(std::string_view name);
/// 'a''b'
[[nodiscard]] std::string quote_text(std::string_view text);

/// Of one transaction; `whole_rows` as PostgresOptions has it.
[[nodiscard]] std::string install_outbox_sql(std::string_view id, bool whole_rows);
/// Gives the tables of ours that have no trigger yet of those that they shall have: schema, name.
/// `tables` empty: all. With `words` the operations, as create, update, delete.
[[nodiscard]] std::string missing_triggers_sql(std::string_view id,
                                               const std::vector<PgTable>& tables,
                                               const std::vector<Operation>& operations);
[[nodiscard]] std::string add_triggers_sql(std::string_view id, const PgTable& table,
                                           const std::vector<Operation>& operations);
/// Gives DROP statements for triggers that shall not be there any more.
[[nodiscard]] std::string stray_triggers_sql(std::string_view id,
                                             const std::vector<PgTable>& tables,
                                             const std::vector<Operation>& operations);
[[nodiscard]] std::string remove_outbox_sql(std::string_view id);

/// Takes away what is up to $1, $2 (transaction, number) and gives what comes then: transaction,
/// number, milliseconds since 1970, operation (c, u, d, t), schema, table, key, row, bytes of the
/// row. Rows above `row_bytes` are null. Gives about `batch_bytes` at most, and one row at least.
[[nodiscard]] std::string read_outbox_sql(std::string_view id, std::size_t rows,
                                          std::size_t row_bytes, std::size_t batch_bytes);

inline constexpr std::string_view kOutboxChannel = "cordyna";

}  // namespace cordyna::input
