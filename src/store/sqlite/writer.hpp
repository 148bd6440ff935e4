/// Writes change sets, each in one transaction, over the owner's connection.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "model/rows.hpp"
#include "store/sqlite/database.hpp"
#include "store/sqlite/events.hpp"
#include "store/sqlite/failpoints.hpp"
#include "store/sqlite/log_space.hpp"
#include "store/sqlite/removal.hpp"

namespace cordyna::sqlite {

/// Threads: one at a time.
class Writer {
 public:
  /// Takes the next epoch, durably, and prepares all statements. Borrows the database.
  [[nodiscard]] static Result<std::unique_ptr<Writer>> prepare(Database& database);
  ~Writer();

  /// From now on until the next commit, all reads of this connection go by one lock of the file,
  /// not each by its own: that is half of what looking for one row costs.
  [[nodiscard]] Result<> look();

  /// Errors: as Store::commit says; nothing was written then.
  [[nodiscard]] Result<> commit(const ChangeSet& changes);

  [[nodiscard]] std::uint64_t epoch() const { return epoch_; }

 private:
  struct Statements;
  Writer(Database& database, Statements statements, std::uint64_t epoch);

  [[nodiscard]] Result<> write(const ChangeSet& changes);
  [[nodiscard]] Result<> check_epoch();
  template <class Row>
  [[nodiscard]] Result<> put_all(const std::vector<Row>& rows);
  [[nodiscard]] Result<> put(const FlowVersionRow& row);
  [[nodiscard]] Result<> put(const RunRow& row);
  [[nodiscard]] Result<> put(const TaskRow& row);
  [[nodiscard]] Result<> put(const AttemptRow& row);
  [[nodiscard]] Result<> put(const HistoryRow& row);
  [[nodiscard]] Result<> put(const HoldRow& row);
  [[nodiscard]] Result<> put(const PointRow& row);
  [[nodiscard]] Result<> put(const TickRow& row);
  [[nodiscard]] Result<> put(const BackfillRow& row);
  [[nodiscard]] Result<> put(const AppliedFlowRow& row);
  [[nodiscard]] Result<> put(const AppliedVersionRow& row);
  [[nodiscard]] Result<> put(const FlowSourceRow& row);
  [[nodiscard]] Result<> prepare_late(std::optional<Statement>& statement, std::string_view sql);
  [[nodiscard]] Result<> check_alone(const AttemptRow& row);
  [[nodiscard]] Result<> check_next(const HistoryRow& row);
  template <class Row>
  [[nodiscard]] Result<> compare_and_swap(Statement& insert, Statement& update, int from_index,
                                          const Row& row);
  [[nodiscard]] std::unexpected<Error> refused(int rc, const std::string& what);
  [[nodiscard]] Result<> execute(Statement& statement);
  void checkpoint_if_due();

  Database& database_;
  std::unique_ptr<Statements> s_;
  std::uint64_t epoch_;
  std::unordered_map<RunNo, std::int64_t> last_seqs_;  // of this transaction
  EventWriter events_;
  GoneRuns gone_runs_;
  bool looks_ = false;
  int wal_pages_ = 0;
  int checkpoint_at_pages_;
  LogSpace log_space_;
  CommitFailpoints failpoints_;
};

}  // namespace cordyna::sqlite
