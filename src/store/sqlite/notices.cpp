#include "store/sqlite/notices.hpp"

#include <fmt/format.h>

#include <limits>
#include <string>

namespace cordyna::sqlite {
namespace {

constexpr std::string_view kInsertNotice =
    "INSERT INTO notice (id, at, kind, team, cause, ns, flow_id, run, path, code, text)"
    " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11) ON CONFLICT (id) DO NOTHING";
#define CORDYNA_NOTICE_COLUMNS "no, id, at, kind, team, cause, ns, flow_id, run, path, code, text"
/// The team and the order are part of the text, so that each finds its index.
std::string list_text(const NoticeFilter& filter) {
  return fmt::format("SELECT " CORDYNA_NOTICE_COLUMNS
                     " FROM notice WHERE no < ?1 AND no > ?6 AND (?2 = '' OR kind = ?2)"
                     " AND (?3 = 0 OR run = ?3){} ORDER BY no {} LIMIT ?4",
                     filter.team.empty() ? "" : " AND team = ?5",
                     filter.after.has_value() ? "ASC" : "DESC");
}

Result<NoticeRow> read_notice(const Statement& row) {
  NoticeRow notice;
  notice.no = row.integer(0);
  notice.id = row.text(1);
  notice.at = row.integer(2);
  const auto kind = parse_notice_kind(row.text(3));
  if (!kind.has_value()) {
    return fail(ErrorCode::kCorrupt, fmt::format("notice {} is of no known kind", notice.no));
  }
  notice.kind = *kind;
  notice.team = row.text(4);
  notice.cause = row.text(5);
  notice.ns = row.text(6);
  notice.flow_id = row.text(7);
  notice.run = row.integer(8);
  notice.path = row.text(9);
  notice.code = row.text(10);
  notice.text = row.text(11);
  return notice;
}

}  // namespace

Result<> write_notices(Database& database, const std::vector<NoticeRow>& rows) {
  if (rows.empty()) return {};
  TRY_ASSIGN(Statement insert, database.prepare(kInsertNotice));
  for (const NoticeRow& row : rows) {
    insert.bind(1, row.id);
    insert.bind(2, row.at);
    insert.bind(3, to_string(row.kind));
    insert.bind(4, row.team);
    insert.bind(5, row.cause);
    insert.bind(6, row.ns);
    insert.bind(7, row.flow_id);
    insert.bind(8, row.run);
    insert.bind(9, row.path);
    insert.bind(10, row.code);
    insert.bind(11, row.text);
    const int rc = insert.run();
    if (rc != SQLITE_DONE) return database.error(rc);
  }
  return {};
}

Result<std::vector<NoticeRow>> list_notices(Database& database, const NoticeFilter& filter) {
  TRY_ASSIGN(Statement list, database.prepare(list_text(filter)));
  list.bind(1, filter.before == 0 ? std::numeric_limits<std::int64_t>::max() : filter.before);
  list.bind(2, filter.kind.has_value() ? to_string(*filter.kind) : std::string_view());
  list.bind(3, filter.run);
  list.bind(4, filter.limit);
  if (!filter.team.empty()) list.bind(5, filter.team);
  list.bind(6, filter.after.value_or(0));
  return collect<NoticeRow>(list, read_notice);
}

}  // namespace cordyna::sqlite
