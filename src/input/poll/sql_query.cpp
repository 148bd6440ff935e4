#include "input/poll/sql_query.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace cordyna::input {
namespace {

constexpr std::string_view kPlainText = "({})::text";
constexpr std::string_view kFinite = "isfinite({})";
// Both have a value that is no number, and above all others.
constexpr std::string_view kFiniteFloat = "{} < 'Infinity'";
constexpr std::string_view kFiniteNumeric = "{0} < 'NaN' AND ({0})::text <> 'Infinity'";

constexpr std::array kPgTypes{
    PgCursorType{"bigint", 20, true, kPlainText, ""},
    PgCursorType{"integer", 23, true, kPlainText, ""},
    PgCursorType{"smallint", 21, true, kPlainText, ""},
    PgCursorType{"numeric", 1700, true, "trim_scale({})::text", kFiniteNumeric},
    // -0 and 0 are the same.
    PgCursorType{"double precision", 701, true, "({} + 0)::text", kFiniteFloat},
    PgCursorType{"real", 700, true, "({} + 0)::text", kFiniteFloat},
    PgCursorType{"text", 25, false, kPlainText, ""},
    PgCursorType{"character varying", 1043, false, kPlainText, ""},
    PgCursorType{"date", 1082, false, kPlainText, kFinite},
    PgCursorType{"timestamp", 1114, false, kPlainText, kFinite},
    PgCursorType{"timestamp with time zone", 1184, false,
                 "(({}) AT TIME ZONE 'UTC')::text || '+00'", kFinite},
    PgCursorType{"uuid", 2950, false, kPlainText, ""},
    PgCursorType{"pg_lsn", 3220, false, kPlainText, ""},
    PgCursorType{"xid8", 5069, false, kPlainText, ""},
};

std::string filled(std::string_view pattern, const std::string& column) {
  return fmt::format(fmt::runtime(pattern), column);
}

std::string pg_condition(const PgPollQuery& poll, const std::string& column, SqlWanted wanted) {
  std::string where = fmt::format("{} IS NOT NULL", column);
  if (!poll.type->holds.empty()) where += " AND " + filled(poll.type->holds, column);
  switch (wanted) {
    case SqlWanted::kAll: break;
    case SqlWanted::kFrom: where += fmt::format(" AND {} >= $1", column); break;
    case SqlWanted::kNewest: {
      // Of the same statement: what is written meanwhile is either known or new.
      const std::string other = "cordyna_n." + quote_column(poll.cursor);
      std::string held = fmt::format("{} IS NOT NULL", other);
      if (!poll.type->holds.empty()) held += " AND " + filled(poll.type->holds, other);
      where += fmt::format(
          " AND {} >= (SELECT {} FROM (\n{}\n) AS cordyna_n WHERE {} ORDER BY {} DESC LIMIT 1)",
          column, other, poll.query, held, other);
      break;
    }
  }
  return where;
}

}  // namespace

const PgCursorType* pg_cursor_type(std::uint32_t oid) {
  const auto* const found = std::ranges::find(kPgTypes, oid, &PgCursorType::oid);
  return found == kPgTypes.end() ? nullptr : &*found;
}

std::string pg_cursor_type_names() {
  std::string names;
  for (const PgCursorType& type : kPgTypes) {
    names += fmt::format("{}{}", names.empty() ? "" : ", ", type.name);
  }
  return names;
}

Result<std::string> plain_query(std::string_view query) {
  const std::size_t end = query.find_last_not_of(" \t\r\n;");
  if (end == std::string_view::npos || query.contains('\0')) {
    return fail(ErrorCode::kInvalidArgument, "query: one SELECT is wanted");
  }
  return std::string(query.substr(0, end + 1));
}

std::string quote_column(std::string_view name) {
  std::string out = "\"";
  for (const char c : name) {
    if (c == '"') out += '"';
    out += c;
  }
  return out + "\"";
}

std::string pg_poll_sql(const PgPollQuery& poll, SqlWanted wanted, std::size_t limit) {
  const std::string cursor = quote_column(poll.cursor);
  std::string keys;
  for (const std::string& key : poll.keys) {
    keys += fmt::format("{}cordyna_p.{}", keys.empty() ? "" : ", ", quote_column(key));
  }
  std::string id = "NULL";
  if (poll.keys.size() == 1) id = fmt::format("({})::text", keys);
  if (poll.keys.size() > 1) id = fmt::format("json_build_array({})::text", keys);
  // The rows are made JSON when it is known which they are.
  return fmt::format(
      "SELECT {}, {}, CASE WHEN octet_length(cordyna_j.j) <= {} THEN cordyna_j.j END FROM "
      "(SELECT * FROM (\n{}\n) AS cordyna_q WHERE {} ORDER BY cordyna_q.{} LIMIT {}) AS cordyna_p, "
      "LATERAL (SELECT to_json(cordyna_p)::text AS j OFFSET 0) AS cordyna_j ORDER BY cordyna_p.{}",
      filled(poll.type->text, "cordyna_p." + cursor), id, poll.row_bytes, poll.query,
      pg_condition(poll, "cordyna_q." + cursor, wanted), cursor, limit, cursor);
}

std::string sqlite_poll_sql(std::string_view query, std::string_view cursor, SqlWanted wanted,
                            std::size_t limit) {
  // By bytes: what a collation takes for the same has not the same text.
  const std::string column = quote_column(cursor);
  std::string where = fmt::format("cordyna_q.{} IS NOT NULL", column);
  if (wanted == SqlWanted::kFrom) {
    where += fmt::format(" AND cordyna_q.{} COLLATE BINARY >= ?1", column);
  } else if (wanted == SqlWanted::kNewest) {
    where += fmt::format(
        " AND cordyna_q.{0} COLLATE BINARY >= (SELECT max(cordyna_n.{0} COLLATE BINARY) FROM "
        "(\n{1}\n) AS cordyna_n)",
        column, query);
  }
  return fmt::format(
      "SELECT * FROM (\n{}\n) AS cordyna_q WHERE {} ORDER BY cordyna_q.{} COLLATE BINARY LIMIT {}",
      query, where, column, limit);
}

}  // namespace cordyna::input
