/// Rows that change in a PostgreSQL database (13 or newer), as an input.
///
/// Triggers write what changes into a table of ours, an outbox, in the transaction that changes it:
/// what is committed is told once, in an order that fits the transactions, also what was
/// written while nobody listened; what is rolled back is never told. libpq is loaded when it is
/// needed.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "cordyna/config.hpp"
#include "cordyna/event.hpp"
#include "cordyna/export.hpp"
#include "cordyna/input.hpp"
#include "cordyna/result.hpp"

namespace cordyna {

inline constexpr std::size_t kPostgresIdMax = 40;  ///< bytes: names in the database are made of it

/// How the input hears of changes.
enum class PostgresMode : std::uint8_t {
  /// Triggers write them into a table, in the transaction that makes them.
  kOutbox,
  /// The server tells them from its log, of a replication slot: writers do nothing more, but the
  /// server keeps its log until it was read. Wants `wal_level = logical` and a role with
  /// REPLICATION.
  kReplication,
};

struct PostgresOptions {
  std::string connection;  ///< "postgres://user@host/database" or "host=… dbname=…"
  /// "orders", "sales.orders", "\"Odd\".\"Name\""; without a schema: public. Empty: all tables that
  /// there are, and those that are made later, from when they are found.
  std::vector<std::string> tables{};
  PostgresMode mode = PostgresMode::kOutbox;
  std::chrono::milliseconds new_tables{60'000};  ///< how often they are looked for
  std::vector<Operation> operations{};           ///< create, update, delete; empty: all three
  bool whole_rows =
      false;            ///< events have the row, not its primary key alone; a delete, the old one
  bool install = true;  ///< the input itself makes in the database what is missing there
  /// How long a row may wait where the database's own hint is lost.
  std::chrono::milliseconds poll{1'000};
  /// Of a database that was restored from a backup, or is another one, changes may be missing.
  /// False: the input ends with kConflict. True: it goes on with what there is.
  bool over_gaps = false;
};

/// Events: `location` is "schema.table"; `id` the primary key, as text where it is one column, as a
/// JSON list where it is several; `data` {"key":{"id":1},"row":{…}}, "row" only with `whole_rows`.
/// A row that is no event, as it is too large, has "problem" instead. TRUNCATE is one kDelete
/// without an id, "key" null. Values are as to_json of PostgreSQL has them.
///
/// With kReplication, values of composite types are text; "row" is null of a delete, unless the
/// table has REPLICA IDENTITY FULL; and large columns that an update left as they were, and the
/// server does not tell, are named in "unchanged". `tables` must be named, but where only kCreate
/// is wanted: tables without a key could not be updated any more.
///
/// Ends, to be called again, with each failure of the database: kUnavailable; kDenied: password,
/// permission; kConflict: a gap, as above, or another program reads this input.
///
/// Errors: kInvalidArgument: the id is too long, no table, an operation that rows do not have.
[[nodiscard]] CORDYNA_API Result<std::unique_ptr<Input>> postgres_input(std::string id,
                                                                        PostgresOptions options);

/// For an InputRegistry: all tables, keys alone.
[[nodiscard]] CORDYNA_API Result<std::unique_ptr<Input>> make_postgres_input(
    const InputConfig& config);

/// Makes schema `cordyna`, the outbox, its function and the triggers of the input, and takes away
/// triggers that it had and shall not have any more; with kReplication, publication and slot
/// `cordyna_ID_…`, from when on changes are told. Whoever may not write there afterwards need
/// not: the function has its owner's rights. Repeats do no harm. Errors: as of the input, and
/// kNotFound: no such table.
[[nodiscard]] CORDYNA_API Result<> install_postgres_input(std::string_view id,
                                                          const PostgresOptions& options);

/// Takes all of it away, of both modes, with what was not read. Repeats do no harm.
[[nodiscard]] CORDYNA_API Result<> remove_postgres_input(std::string_view id,
                                                         const std::string& connection);

}  // namespace cordyna
