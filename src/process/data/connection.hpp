/// Connections and tables as a step names them. No password is in here, only the name of its
/// secret.
///
/// Pure. Threads: any.
#pragma once

#include <boost/json/fwd.hpp>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "process/data/step_result.hpp"

namespace cordyna::data {

/// Of a PostgreSQL server. Empty: what libpq takes without it.
struct Connection {
  std::string name;  ///< for messages
  std::string host;
  std::string port;
  std::string database;
  std::string user;
  std::string password;  ///< the name of its secret
  std::string sslmode;
  std::string sslrootcert;
  std::int64_t connect_timeout_ms = 10'000;
  std::int64_t statement_timeout_ms = 0;  ///< 0: what the server says
  std::vector<std::pair<std::string, std::string>> options;

  bool operator==(const Connection&) const = default;
};

/// Exact names: nothing is folded to lower case.
struct TableName {
  std::string schema;  ///< empty: by the search path
  std::string table;

  bool operator==(const TableName&) const = default;
};

enum class ShareMode : std::uint8_t { kReplace, kAppend, kUpsert };

[[nodiscard]] std::string_view to_string(ShareMode mode);

/// What a load reads: a table, or the result of a query.
struct DatabaseSource {
  Connection connection;
  TableName table;  ///< where `sql` is empty
  std::string sql;
};

/// What a share writes besides files.
struct TableTarget {
  Connection connection;
  TableName table;
  ShareMode mode = ShareMode::kReplace;
  std::vector<std::string> key;

  /// "warehouse/gold.listings"
  [[nodiscard]] std::string shown() const;
};

/// Which attempt this is: shares to tables are noted down under it.
struct AttemptName {
  std::string run;  ///< its id, a UUIDv7: later runs compare greater
  std::string task;
  std::int64_t number = 1;
};

/// Errors: kInputInvalid, naming the key.
[[nodiscard]] StepResult<Connection> parse_connection(const boost::json::object& object);
/// gold.listings, listings, "a.b"."c""d". Errors: kInputInvalid, with `key`.
[[nodiscard]] StepResult<TableName> parse_table_name(std::string_view key, std::string_view text);
/// "replace", "append" or "upsert". Errors: kInputInvalid.
[[nodiscard]] StepResult<ShareMode> parse_mode(std::string_view word);

/// "gold"."listings"
[[nodiscard]] std::string quote_table(const TableName& name);
/// gold.listings, for messages: without the quotes that are not needed.
[[nodiscard]] std::string shown_table(const TableName& name);

}  // namespace cordyna::data
