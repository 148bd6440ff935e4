/// What `dyna up` says: a line for each tick and for each change of a run's state, and which runs
/// go on.
#pragma once

#include <functional>
#include <mutex>
#include <optional>
#include <set>
#include <string>

#include "cerebro/cerebro.hpp"
#include "model/input_status.hpp"

namespace cordyna::cli {

/// "2026-11-22T02:00:00Z  sales/nightly: run 12 for 2026-11-22T02:00:00Z", or a JSON object;
/// without a line end.
[[nodiscard]] std::string line_of(const TickRow& tick, bool json);
/// "2026-11-22T02:00:03Z  run 12 sales: completed in 3.1s". Empty: nothing that is told.
[[nodiscard]] std::string line_of(const RunRow& run, Millis now, bool json);

/// "2026-11-22T02:00:03Z  acme/sales: version 3 is applied", or removed.
[[nodiscard]] std::string line_of(const AppliedFlowRow& row, Millis now, bool json);
/// "2026-11-22T02:00:03Z  acme/sales: is disabled by ann: the source is broken"
[[nodiscard]] std::string line_of(const FlowSwitch& what, Millis now, bool json);

/// "2026-11-22T02:00:03Z  acme/orders/rows: listens", or why it does not.
[[nodiscard]] std::string line_of(const InputStatus& status, bool json);

/// That the disk is full, and why; empty: that there is space again.
[[nodiscard]] std::string line_of_disk(const std::string& why, Millis now, bool json);

/// Threads: what is told of on cerebro's, the others any.
class UpReport final : public CommitObserver {
 public:
  using Say = std::function<void(std::string)>;

  /// `say` gets the lines, and must not wait; `changed` is called when a run begins or rests.
  UpReport(const Clock& clock, bool json, Say say, std::function<void()> changed);

  void on_commit(const ChangeSet& changes) override;
  void on_stopped(const Error& error) override;
  void on_full(const Error& why) override;
  void on_room() override;

  /// A run that an owner before left, and that goes on.
  void taken_up(RunNo run);
  /// Runs that go on: neither ended nor waiting for a person.
  [[nodiscard]] std::size_t running() const;

 private:
  const Clock& clock_;
  bool json_;
  Say say_;
  std::function<void()> changed_;
  mutable std::mutex mutex_;
  std::set<RunNo> running_;  // guarded by mutex_
};

}  // namespace cordyna::cli
