#include "store/sqlite/whole.hpp"

#include <string_view>

namespace cordyna::sqlite {
namespace {

/// Each gives a text for what contradicts. A page that the disk lost leaves one of two tables
/// behind the other, which SQLite takes for a good file.
constexpr std::string_view kContradictions[] = {
    // NOLINTNEXTLINE(bugprone-suspicious-missing-comma): texts of some lines each
    "SELECT 'the history of run ' || run || ' has ' || count(*) || ' entries up to ' || max(seq)"
    " FROM history GROUP BY run HAVING max(seq) <> count(*) LIMIT 1",
    // Of a column beside max(), SQLite gives that of the same row.
    "SELECT 'run ' || h.run || ' is ' || ifnull(r.state, 'missing') || ', and its history ends '"
    " || h.run_state"
    " FROM (SELECT run, run_state, max(seq) FROM history WHERE run_state <> '' GROUP BY run) AS h"
    " LEFT JOIN run AS r ON r.no = h.run WHERE r.state IS NOT h.run_state LIMIT 1",
    "SELECT 'run ' || no || ' has no history' FROM run"
    " WHERE NOT EXISTS (SELECT 1 FROM history WHERE run = no) LIMIT 1",
    "SELECT 'task ' || path || ' of run ' || run || ' has ' || count(*) || ' attempts up to '"
    " || max(attempt) FROM attempt GROUP BY run, path HAVING max(attempt) <> count(*) LIMIT 1",
    "SELECT 'run ' || run || ' is missing, and its task ' || path || ' is there' FROM task"
    " WHERE NOT EXISTS (SELECT 1 FROM run WHERE no = run) LIMIT 1",
    "SELECT 'run ' || run || ' is missing, and an attempt of its task ' || path || ' is there'"
    " FROM attempt WHERE NOT EXISTS (SELECT 1 FROM run WHERE no = run) LIMIT 1",
    "SELECT 'the flow of run ' || no || ' is missing' FROM run"
    " WHERE NOT EXISTS (SELECT 1 FROM flow_version WHERE hash = flow_hash) LIMIT 1",
    "SELECT 'version ' || version || ' of flow ' || flow_id || ' is missing'"
    " FROM applied_flow AS f WHERE NOT EXISTS (SELECT 1 FROM applied_version AS v WHERE"
    " v.ns = f.ns AND v.flow_id = f.flow_id AND v.version = f.version) LIMIT 1",
    "SELECT 'the audit has ' || count(*) || ' entries up to ' || max(seq) FROM audit"
    " HAVING max(seq) <> count(*)",
};

/// That what the first row of the statement says is damage, unless it is `good`; no row: nothing
/// is.
Result<> look(Database& database, std::string_view sql, std::string_view good) {
  TRY_ASSIGN(Statement rows, database.prepare(sql));
  TRY_ASSIGN(const bool there, rows.step());
  if (!there || rows.text(0) == good) return {};
  // SQLite names the database in a line before what it found.
  std::string_view found = rows.text(0);
  if (found.starts_with("***")) found.remove_prefix(found.find('\n') + 1);
  return database.damaged(found);
}

}  // namespace

Result<> check_file(Database& database) {
  return look(database, "PRAGMA integrity_check(1)", "ok");
}

Result<> check_rows(Database& database) {
  for (const std::string_view sql : kContradictions) TRY(look(database, sql, ""));
  return {};
}

}  // namespace cordyna::sqlite
