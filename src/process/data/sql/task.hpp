/// What the process of an sql task gets to know: a file in its attempt's folder, and one variable
/// of its environment for what must not be written to the disk.
///
/// Threads: any, while nobody changes the environment.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "process/data/connection.hpp"
#include "process/data/step.hpp"
#include "template/template.hpp"

namespace cordyna::sql {

inline constexpr const char* kTaskFile = "sql.json";
inline constexpr const char* kSecretsVariable = "DYNA_SQL_SECRETS";  ///< JSON: SqlSecrets
/// Linux hands 128 KiB to a program in one variable.
inline constexpr std::size_t kSecretsBytesMax = std::size_t{120} << 10;

struct SqlTask {
  tmpl::SqlDialect kind = tmpl::SqlDialect::kPostgres;
  data::Connection server;  ///< of PostgreSQL
  std::string name;         ///< of the connection, for messages
  std::string database;     ///< of the others: an absolute path; empty (DuckDB): in memory
  bool read_only = false;
  std::int64_t lock_timeout_ms = 10'000;       ///< of SQLite: how long another writer is waited for
  std::vector<tmpl::SqlStatement> statements;  ///< empty where they hold secrets
  bool transaction = true;                     ///< all of them are one
  std::string save_as;  ///< the artifact that the rows become; empty: outputs
  data::Limits limits;  ///< of DuckDB
  std::string folder;   ///< the flow's
  std::string artifacts;
  std::string work;
};

struct SqlSecrets {
  std::string password;                        ///< of the connection; empty: none
  std::vector<tmpl::SqlStatement> statements;  ///< where they hold secrets
  std::vector<std::string> masks;              ///< every secret by itself

  [[nodiscard]] bool empty() const { return password.empty() && masks.empty(); }
  /// `text` with each of them as "***".
  [[nodiscard]] std::string hide(std::string text) const;
};

[[nodiscard]] std::string to_json(const SqlTask& task);
/// Errors: kCorrupt.
[[nodiscard]] Result<SqlTask> parse_task(std::string_view text);

[[nodiscard]] std::string to_json(const SqlSecrets& secrets);
/// "" gives none. Errors: kCorrupt.
[[nodiscard]] Result<SqlSecrets> parse_secrets(std::string_view text);

/// The ending of a file that rows can be saved as, without the point; empty: it is none of those.
[[nodiscard]] std::string_view format_of(std::string_view save_as);

}  // namespace cordyna::sql
