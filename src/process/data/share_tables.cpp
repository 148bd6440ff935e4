#include "process/data/share_tables.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

namespace cordyna::data {
namespace {

constexpr std::string_view kShareCsv = "tmp/share.csv";

/// Those of one connection together: they share a transaction.
std::vector<std::vector<TableTarget>> by_connection(const std::vector<TableTarget>& tables) {
  std::vector<std::vector<TableTarget>> groups;
  for (const TableTarget& table : tables) {
    const auto same = std::ranges::find_if(
        groups, [&](const auto& group) { return group.front().connection == table.connection; });
    if (same == groups.end()) {
      groups.push_back({table});
    } else {
      same->push_back(table);
    }
  }
  return groups;
}

}  // namespace

StepResult<TableShares> TableShares::open(StepRun& run, const ShareParams& share,
                                          const std::vector<SourceColumn>& columns) {
  TableShares shares(run);
  if (share.tables.empty()) return shares;
  if (run.step.attempt.run.empty() || run.step.attempt.task.empty()) {
    return step_fail(TaskErrorCode::kInternal,
                     "a share to a table without the name of its attempt");
  }
  STEP_TRY(run.query(share_csv_sql(columns, kShareCsv), TaskErrorCode::kShareFailed));
  const std::string csv = fmt::format("{}/{}", run.step.paths.work, kShareCsv);
  for (std::vector<TableTarget>& group : by_connection(share.tables)) {
    shares.servers_.emplace_back(run, std::move(group), columns, csv, run.report.rows);
  }
  return shares;
}

StepResult<> TableShares::stage() {
  for (PgShare& server : servers_) STEP_TRY(told(server, server.stage()));
  return {};
}

StepResult<> TableShares::commit() {
  // Locks that readers wait for are taken last.
  for (PgShare& server : servers_) STEP_TRY(told(server, server.publish()));
  for (PgShare& server : servers_) {
    STEP_TRY(told(server, server.commit()));
    server.tell();
  }
  return {};
}

/// An error says what became of the share before.
StepResult<> TableShares::told(const PgShare& server, StepResult<> done) const {
  if (done.has_value()) return done;
  if (server.in_doubt()) {
    done.error().message += "; whether its commit came through is not known, a retry finds out";
    return done;
  }
  done.error().message +=
      run_.report.targets.empty()
          ? "; what was shared before is untouched"
          : fmt::format("; {} was shared before that, and a retry does the rest",
                        fmt::join(run_.report.targets, ", "));
  return done;
}

}  // namespace cordyna::data
