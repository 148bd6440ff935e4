/// Tells live streams that something was committed.
///
/// It remembers the newest changes, so that a client that comes back misses none; who comes
/// back later than that is told to look again. Costs a bounded amount of memory, whoever listens.
/// Threads: any.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "cerebro/cerebro.hpp"
#include "model/rows.hpp"

namespace cordyna::server {

/// Of what there is a list that may look different now.
enum class ChangeKind : std::uint8_t { kRun, kFlow, kBackfill, kPool, kTrigger };

/// A run has another state, or is new; or something else changed, of which only the namespace is
/// told.
struct Change {
  std::uint64_t seq = 0;  ///< from 1, without a gap, since this server began
  ChangeKind kind = ChangeKind::kRun;
  std::string ns;  ///< of kPool: kEverywhere, whose they are
  RunNo run = 0;   ///< of kRun, as all that follows
  std::string id{};
  std::string flow_id{};
  RunState state = RunState::kPending;
};

class Hub final : public CommitObserver {
 public:
  using Wake = std::function<void()>;
  static constexpr std::size_t kKept = 4096;

  void on_commit(const ChangeSet& changes) override;
  void on_stopped(const Error& error) override;

  /// Until `leave` of the number that it gives; 0 as the run: any.
  [[nodiscard]] std::uint64_t listen(RunNo run, Wake wake);
  void leave(std::uint64_t listener);

  /// After a number, at most `limit`. Nullopt: some after it are no longer known.
  [[nodiscard]] std::optional<std::vector<Change>> changes_after(std::uint64_t seq,
                                                                 std::size_t limit) const;
  [[nodiscard]] std::uint64_t last() const;

 private:
  struct Listener {
    RunNo run = 0;
    Wake wake;
  };

  mutable std::mutex mutex_;
  void keep(Change change);
  void keep_changes_of(const ChangeSet& changes);

  std::deque<Change> changes_;  // guarded by mutex_, as all that follows
  std::uint64_t last_ = 0;
  std::uint64_t next_listener_ = 1;
  std::map<std::uint64_t, Listener> listeners_;
};

}  // namespace cordyna::server
