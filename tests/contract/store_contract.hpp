/// What every store must do: fixtures and rows for the suite that all of them pass.
#pragma once

#include <gtest/gtest.h>

#include <functional>
#include <memory>
#include <ostream>
#include <string>
#include <vector>

#include "ports/store.hpp"

namespace cordyna::contract {

/// One state, and its owner of the moment.
class StoreWorld {
 public:
  virtual ~StoreWorld() = default;
  [[nodiscard]] virtual Store& store() = 0;
  /// Ends the owner and lets another take over: as a restart does.
  virtual void restart() = 0;
};

struct StoreKind {
  std::string name;
  std::function<std::unique_ptr<StoreWorld>()> make;
};

inline void PrintTo(const StoreKind& kind, std::ostream* out) {
  *out << kind.name;
}

/// Every store there is: a suite derived from StoreContract is instantiated with these.
[[nodiscard]] std::vector<StoreKind> store_kinds();

class StoreContract : public testing::TestWithParam<StoreKind> {
 protected:
  [[nodiscard]] Store& store() { return world_->store(); }
  void restart() { world_->restart(); }

  /// Commits, and fails the test if that fails.
  void must_commit(const ChangeSet& changes);
  /// Commits, and fails the test unless it is refused with `code` and a message with `part` in it.
  void must_refuse(const ChangeSet& changes, ErrorCode code, const std::string& part);

 private:
  std::unique_ptr<StoreWorld> world_ = GetParam().make();
};

/// The three kinds of rows as inserts, every field of them set to a value of its own.
[[nodiscard]] RunRow make_run(RunNo no);
[[nodiscard]] TaskRow make_task(RunNo run, const std::string& path);
[[nodiscard]] AttemptRow make_attempt(RunNo run, const std::string& path, std::uint32_t attempt);
[[nodiscard]] HistoryRow make_history(RunNo run, std::int64_t seq);
[[nodiscard]] TaskError make_error();

/// `row` as it is read back.
template <class Row>
[[nodiscard]] Row stored(Row row) {
  row.from = row.state;
  return row;
}

/// `row` as a change from the state it is in.
template <class Row, class State>
[[nodiscard]] Row changed(Row row, State state) {
  row.from = row.state;
  row.state = state;
  return row;
}

}  // namespace cordyna::contract
