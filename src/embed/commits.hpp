/// What the orchestrator hears of each commit: how many events are under way, what has gone wrong
/// with the state, and what has ended and may go.
///
/// Runs that complete leave nothing by themselves. Of those that failed, the last thousand are
/// kept; of events, as many of the newest as are to be remembered, and those that have not ended.
/// Threads: any; `on_…` are called by cerebro.
#pragma once

#include <condition_variable>
#include <cstddef>
#include <deque>
#include <mutex>
#include <optional>
#include <stop_token>
#include <vector>

#include "base/result.hpp"
#include "cerebro/cerebro.hpp"
#include "embed/reporter.hpp"
#include "embed/room.hpp"
#include "ports/store.hpp"

namespace cordyna::embed {

class Commits final : public CommitObserver {
 public:
  /// Borrows both. `remembered`: events.
  Commits(Room& room, Reporter& reporter, std::size_t remembered)
      : room_(room), reporter_(reporter), remembered_(remembered) {}

  /// What earlier programs left. Before cerebro begins. Errors: those of the store.
  [[nodiscard]] Result<> know(StoreReader& store);

  /// Waits until there is something to remove, which it gives; nullopt: `stop` came, or `end`.
  [[nodiscard]] std::optional<OldRows> wait(const std::stop_token& stop);
  /// Nothing can go on.
  void end(Error error);
  /// The first error that `end` was given, or the store said. None: all was well.
  [[nodiscard]] Result<> verdict();

  void on_commit(const ChangeSet& changes) override;
  void on_stopped(const Error& error) override { end(error); }
  void on_full(const Error& why) override;

 private:
  void note_failed(RunNo run);
  [[nodiscard]] bool is_worth_it() const;
  [[nodiscard]] OldRows take();

  Room& room_;
  Reporter& reporter_;
  const std::size_t remembered_;
  std::mutex mutex_;
  std::condition_variable_any changed_;
  std::deque<RunNo> done_;
  std::deque<RunNo> failed_;
  RunNo newest_run_ = 0;
  EventNo newest_event_ = 0;
  EventNo removed_to_ = 0;
  std::deque<EventNo> late_;  ///< had not ended as those of their age were removed
  std::optional<Error> error_;
};

}  // namespace cordyna::embed
