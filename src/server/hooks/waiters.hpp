/// Who waits for the end of the run that an event starts.
///
/// Each waits for a bounded time, and no thread waits with them but one, which looks at the clock.
#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "base/time.hpp"
#include "cerebro/cerebro.hpp"

namespace cordyna::server {

/// What came of it.
struct WaitEnd {
  EventNo event = 0;            ///< 0: not known
  RunNo run = 0;                ///< 0: none yet
  std::string refused;          ///< not empty: a dead letter, or dropped, and why
  std::optional<RunRow> ended;  ///< nullopt: the time was over before
};

/// Threads: on_commit and seen on cerebro's thread; the others on any.
class Waiters final : public CommitObserver {
 public:
  using Done = std::move_only_function<void(WaitEnd)>;

  Waiters() = default;
  /// All that still wait are told that the time is over.
  ~Waiters() override;
  Waiters(const Waiters&) = delete;
  Waiters& operator=(const Waiters&) = delete;

  /// Before cerebro is asked. `done` is called once, from any thread, and must be quick.
  [[nodiscard]] std::uint64_t wait(const EventRequest& event, Millis longest, Done done);
  /// The event was there already: with its run, where that is saved.
  void seen(std::uint64_t waiter, const EventRow& event, const RunRow* run);
  /// The event was not taken: `done` is dropped without a call, unless it was called before.
  void take_back(std::uint64_t waiter);
  /// Nobody waits any longer, and nobody will.
  void let_go();

  void on_commit(const ChangeSet& changes) override;
  void on_stopped(const Error& error) override;

 private:
  using Clock = std::chrono::steady_clock;
  struct Waiter {
    std::string name;  // of the event
    WaitEnd end;
    Clock::time_point until;
    Done done;
  };
  struct Called {
    Done done;
    WaitEnd end;
  };

  [[nodiscard]] static std::string name_of(const std::string& ns, const std::string& flow_id,
                                           const std::string& trigger, const std::string& id);
  void note(const EventRow& event, std::vector<Called>& called);
  void note(const RunRow& run, std::vector<Called>& called);
  [[nodiscard]] Called remove(std::map<std::uint64_t, Waiter>::iterator at);
  void watch_clock();
  static void call(std::vector<Called>& called);

  std::atomic<std::size_t> count_ = 0;
  std::mutex mutex_;
  std::condition_variable wake_;
  std::map<std::uint64_t, Waiter> waiters_;
  std::uint64_t next_ = 1;
  bool closed_ = false;
  std::thread thread_;  // from the first waiter on
};

}  // namespace cordyna::server
