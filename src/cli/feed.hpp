/// Turns what cerebro commits into updates of the runs that are followed here.
#pragma once

#include <atomic>
#include <cstddef>
#include <functional>
#include <mutex>
#include <set>
#include <vector>

#include "base/id.hpp"
#include "cerebro/cerebro.hpp"
#include "service/update.hpp"

namespace cordyna::cli {

/// All are called on cerebro's thread, and must be quick.
struct FeedListener {
  std::function<void(RunNo, const RunId&)> begun;  ///< an expected run has its number
  std::function<void(std::vector<Update>)> updates;
  std::function<void(const RunRow&)> rested;  ///< an expected run, or one that it began
  std::function<void(const Error&)> stopped;
  std::function<void()> changed;  ///< after every commit
};

/// Threads: expect from any.
class Feed final : public CommitObserver {
 public:
  explicit Feed(FeedListener listener) : listener_(std::move(listener)) {}

  /// From the next commit on that changes the run. Call before its submit or resume.
  void expect(const RunId& id);

  /// How many runs that expected ones began have not come to rest. Threads: any.
  [[nodiscard]] std::size_t begun_below() const { return count_below_.load(); }

  void on_commit(const ChangeSet& changes) override;
  void on_stopped(const Error& error) override;

 private:
  [[nodiscard]] bool note_below(const RunRow& row);
  [[nodiscard]] std::vector<Update> updates_of(const ChangeSet& changes) const;

  FeedListener listener_;
  std::mutex mutex_;
  std::set<RunId> expected_;  // guarded by mutex_
  std::set<RunNo> followed_;  // of cerebro's thread
  std::set<RunNo> below_;     // of cerebro's thread: runs that those, and these, began
  std::set<RunNo> live_below_;
  std::atomic<std::size_t> count_below_ = 0;
};

}  // namespace cordyna::cli
