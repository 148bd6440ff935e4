/// The removal of what is old: which runs must stay, and the statements that remove the others.
#pragma once

#include <string_view>
#include <vector>

#include "model/rows.hpp"
#include "store/sqlite/database.hpp"

namespace cordyna::sqlite {

/// A term over a row of `run`: whether it must stay (OldRun in ports/store.hpp). Each part is found
/// by an index.
#define CORDYNA_RUN_IS_NEEDED                                                                     \
  "(run.state NOT IN ('completed', 'warning', 'error', 'cancelled')"                              \
  " OR run.no = (SELECT max(no) FROM run)"                                                        \
  " OR EXISTS (SELECT 1 FROM run AS later WHERE later.rerun_of = run.no AND later.rerun_of <> 0)" \
  " OR (run.parent <> 0 AND EXISTS (SELECT 1 FROM run AS above WHERE above.no = run.parent"       \
  " AND above.state NOT IN ('completed', 'warning', 'error', 'cancelled')))"                      \
  " OR (run.backfill <> '' AND EXISTS (SELECT 1 FROM backfill WHERE"                              \
  " backfill.no = CAST(run.backfill AS INTEGER)"                                                  \
  " AND (backfill.state = 'running' OR backfill.state = 'paused'))))"

/// Within the transaction that is open. Errors: kConflict: one is needed; those of the database.
[[nodiscard]] Result<> remove_runs(Database& database, const std::vector<RunNo>& runs);
[[nodiscard]] Result<> remove_ticks(Database& database, const TickRemoval& removal);

/// The same for runs that go as they end. Keeps its statements: of some states, each run does.
class GoneRuns {
 public:
  /// Borrows the database.
  explicit GoneRuns(Database& database) : database_(database) {}
  /// Within the transaction that is open. Errors: kConflict: one is not there, or has ended; those
  /// of the database.
  [[nodiscard]] Result<> remove(const std::vector<RunNo>& runs);

 private:
  Database& database_;
  std::vector<Statement> statements_;
};

}  // namespace cordyna::sqlite
