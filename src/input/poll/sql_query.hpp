/// The statements of a poll, around a query of the user.
///
/// Pure. Threads: any.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"

namespace cordyna::input {

/// Of a column of PostgreSQL that may be a cursor.
struct PgCursorType {
  std::string_view name;
  std::uint32_t oid = 0;
  bool is_number = false;
  /// SQL around the column ("{}"): a text that is the same where values are, whatever the session.
  std::string_view text;
  std::string_view holds;  ///< which values have others above them
};

/// Null: a column of this type is none.
[[nodiscard]] const PgCursorType* pg_cursor_type(std::uint32_t oid);
/// "bigint, integer, …"
[[nodiscard]] std::string pg_cursor_type_names();

/// Without the semicolon and blanks at its end. Errors: kInvalidArgument: nothing is left.
[[nodiscard]] Result<std::string> plain_query(std::string_view query);

/// "\"Odd \"\" name\""
[[nodiscard]] std::string quote_column(std::string_view name);

/// What of the rows is wanted.
enum class SqlWanted : std::uint8_t {
  kAll,
  kFrom,    ///< from the value of $1 on
  kNewest,  ///< of the highest cursor
};

struct PgPollQuery {
  std::string query;  ///< plain
  std::string cursor;
  const PgCursorType* type = nullptr;
  std::vector<std::string> keys;
  std::size_t row_bytes = 0;
};

/// Rows of: the cursor's text; the keys as a JSON list, or the single one's text, or NULL; the row
/// as JSON, NULL where it is too large.
[[nodiscard]] std::string pg_poll_sql(const PgPollQuery& poll, SqlWanted wanted, std::size_t limit);

/// The rows as they are, in the order of the cursor.
[[nodiscard]] std::string sqlite_poll_sql(std::string_view query, std::string_view cursor,
                                          SqlWanted wanted, std::size_t limit);

}  // namespace cordyna::input
