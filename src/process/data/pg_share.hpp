/// The tables of one share that are on one server: one transaction for all of them.
///
/// Nothing is seen by anybody before `commit`; a process that dies before leaves nothing behind.
/// What a server may refuse for a while (connections, deadlocks, a restart) is tried again, from
/// the beginning of the transaction, a bounded number of times. Whether a commit that got no answer
/// came through is read from the table dyna_shares, which is written in the same transaction.
/// Threads: one.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "process/data/pg_statements.hpp"
#include "process/data/runner.hpp"

namespace cordyna::data {

class PgShare {
 public:
  /// The rows are in `csv`, written by share_csv_sql. `targets` have the same connection. Borrows
  /// the run.
  PgShare(StepRun& run, std::vector<TableTarget> targets, std::vector<SourceColumn> columns,
          std::string csv, std::int64_t rows);

  /// All rows are at the server, and fit.
  [[nodiscard]] StepResult<> stage() { return reach(Reached::kStaged); }
  /// All is done but the commit: readers may have to wait from here on.
  [[nodiscard]] StepResult<> publish() { return reach(Reached::kPublished); }
  [[nodiscard]] StepResult<> commit() { return reach(Reached::kCommitted); }
  /// Tells and reports what was shared.
  void tell();
  /// After an error: whether a commit may have come through that got no answer.
  [[nodiscard]] bool in_doubt() const { return in_doubt_; }

 private:
  enum class Reached : std::uint8_t { kNothing, kStaged, kPublished, kCommitted };
  enum class Way : std::uint8_t { kCreate, kAppend, kSwap, kInPlace, kUpsert, kDone };

  struct Table {
    TableTarget target;
    TableName name{};  ///< with its schema
    std::string oid{};
    std::string staging{};
    std::vector<TableColumn> columns{};
    Way way = Way::kCreate;
    std::string why_in_place{};
  };

  StepResult<> reach(Reached goal);
  PgResult<> advance();
  PgResult<> begin();
  PgResult<> find_place(Table& table);
  PgResult<> check_ledger(Table& table);
  PgResult<> look_at(Table& table);
  PgResult<> choose_way(Table& table);
  PgResult<> check_key(const Table& table);
  PgResult<> check_references(const Table& table);
  PgResult<> fill(Table& table);
  PgResult<> check_staged_keys(const Table& table);
  PgResult<> publish_table(Table& table);
  PgResult<bool> lock_for_swap(const Table& table);
  PgResult<std::string> hanging(const Table& table);
  PgResult<> swap(Table& table);
  PgResult<> replace_in_place(Table& table);
  PgResult<> note_down(const Table& table);
  [[nodiscard]] std::string doing() const;

  StepRun& run_;
  std::vector<Table> tables_;
  std::vector<SourceColumn> columns_;
  std::string csv_;
  std::int64_t rows_;
  std::optional<PgConnection> connection_;
  const Table* at_ = nullptr;  ///< for messages
  Reached reached_ = Reached::kNothing;
  int tries_ = 0;
  bool in_doubt_ = false;
};

}  // namespace cordyna::data
