#include "store/sqlite/removal.hpp"

#include <fmt/format.h>

#include <string>
#include <utility>

namespace cordyna::sqlite {
namespace {

constexpr std::string_view kLook =
    "SELECT flow_hash, " CORDYNA_RUN_IS_NEEDED " FROM run WHERE no = ?1";
constexpr std::string_view kRemove[] = {
    "DELETE FROM history WHERE run = ?1", "DELETE FROM attempt WHERE run = ?1",
    "DELETE FROM hold WHERE run = ?1",    "DELETE FROM task WHERE run = ?1",
    "DELETE FROM run WHERE no = ?1",      "DELETE FROM notice WHERE run = ?1"};
// The run itself comes first: it says whether the others go.
constexpr std::string_view kEndRun =
    "DELETE FROM run WHERE no = ?1 AND state <> 'completed' AND state <> 'warning'"
    " AND state <> 'error' AND state <> 'cancelled'";
constexpr std::string_view kEnd[] = {kEndRun, kRemove[0], kRemove[1], kRemove[2], kRemove[3]};
// Whoever else keeps the hash of a version belongs in here.
constexpr std::string_view kRemoveVersion =
    "DELETE FROM flow_version WHERE hash = ?1"
    " AND NOT EXISTS (SELECT 1 FROM run WHERE flow_hash = ?1)"
    " AND NOT EXISTS (SELECT 1 FROM applied_version WHERE hash = ?1)"
    " AND NOT EXISTS (SELECT 1 FROM backfill WHERE flow_hash = ?1)";
constexpr std::string_view kRemoveTicks =
    "DELETE FROM tick WHERE ns = ?1 AND flow_id = ?2 AND trigger = ?3 AND scheduled_for IN ("
    "SELECT scheduled_for FROM tick WHERE ns = ?1 AND flow_id = ?2 AND trigger = ?3"
    " AND scheduled_for < min(?4, (SELECT max(scheduled_for) FROM tick"
    " WHERE ns = ?1 AND flow_id = ?2 AND trigger = ?3))"
    " ORDER BY scheduled_for LIMIT ?5)";

Result<> run(Database& database, Statement& statement) {
  const int rc = statement.run();
  if (rc != SQLITE_DONE) return database.error(rc);
  return {};
}

}  // namespace

Result<> remove_runs(Database& database, const std::vector<RunNo>& runs) {
  if (runs.empty()) return {};
  TRY_ASSIGN(Statement look, database.prepare(kLook));
  TRY_ASSIGN(Statement version, database.prepare(kRemoveVersion));
  std::vector<Statement> removals;
  for (const std::string_view sql : kRemove) {
    TRY_ASSIGN(Statement prepared, database.prepare(sql));
    removals.push_back(std::move(prepared));
  }
  for (const RunNo no : runs) {
    std::string hash;
    {
      const ResetGuard reset(look);
      look.bind(1, no);
      TRY_ASSIGN(const bool there, look.step());
      if (!there) continue;
      if (look.integer(1) != 0) {
        return fail(ErrorCode::kConflict, fmt::format("run {} is still needed", no));
      }
      hash = look.text(0);
    }
    for (Statement& removal : removals) {
      removal.bind(1, no);
      TRY(run(database, removal));
    }
    version.bind(1, hash);
    TRY(run(database, version));
  }
  return {};
}

Result<> GoneRuns::remove(const std::vector<RunNo>& runs) {
  if (runs.empty()) return {};
  if (statements_.empty()) {
    std::vector<Statement> all;
    for (const std::string_view sql : kEnd) {
      TRY_ASSIGN(Statement prepared, database_.prepare(sql));
      all.push_back(std::move(prepared));
    }
    statements_ = std::move(all);
  }
  for (const RunNo no : runs) {
    for (Statement& statement : statements_) {
      statement.bind(1, no);
      TRY(run(database_, statement));
      if (&statement != &statements_.front() || sqlite3_changes(database_.handle()) == 1) continue;
      return fail(ErrorCode::kConflict, fmt::format("run {} is not there, or has ended", no));
    }
  }
  return {};
}

Result<> remove_ticks(Database& database, const TickRemoval& removal) {
  TRY_ASSIGN(Statement ticks, database.prepare(kRemoveTicks));
  ticks.bind(1, removal.ns);
  ticks.bind(2, removal.flow_id);
  ticks.bind(3, removal.trigger);
  ticks.bind(4, removal.before);
  ticks.bind(5, removal.limit);
  return run(database, ticks);
}

}  // namespace cordyna::sqlite
