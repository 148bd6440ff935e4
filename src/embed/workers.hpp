/// Carries attempts out: each is one call of a process of the program around, on one of so many
/// threads.
///
/// A process that hangs must not hold up the others: one that runs already takes a further thread
/// only where one stays for each that is idle (up to half of the threads). Among those that may go
/// on, the order of arrival decides.
///
/// Once `stop` is called, only successes are reported: what failed then may have failed because of
/// it, and is done again next time. Threads: as Executor says.
#pragma once

#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <stop_token>
#include <string>
#include <thread>
#include <vector>

#include "base/result.hpp"
#include "cerebro/cerebro.hpp"
#include "cordyna/process.hpp"
#include "embed/job_text.hpp"
#include "embed/reporter.hpp"
#include "ports/executor.hpp"

namespace cordyna::embed {

struct WorkersParts {
  std::map<std::string, Process*> processes;
  std::set<std::string> inputs;  ///< their ids
  std::set<std::string> linked;  ///< processes that an input leads to
  std::size_t threads = 1;
  ReportSink sink;
  /// Nothing can go on: called at most once, from any thread; must not call back.
  std::function<void(Error)> fatal;
};

class Workers final : public Executor, public CommitObserver {
 public:
  /// Borrows the processes and the reporter.
  Workers(WorkersParts parts, Reporter& reporter);
  /// Stops.
  ~Workers() override;
  Workers(const Workers&) = delete;
  Workers& operator=(const Workers&) = delete;

  /// Tells processes what there is, and begins to work on it.
  void begin();
  /// Asks all that run to end, and waits for them. Begins nothing any more.
  void stop();

  /// Once stopped: tells processes of the successes that are kept by now.
  void finish();

  void start(const StartAttempt& command) override;
  void cancel(const CancelAttempt& command) override;
  /// What was handed out and has no result is done again.
  void adopt(const StartAttempt& command) override { start(command); }

  void on_commit(const ChangeSet& changes) override;
  void on_stopped(const Error& error) override { static_cast<void>(error); }

 private:
  struct Attempt {
    StartAttempt command;
    std::uint64_t number = 0;  ///< of its arrival
    std::stop_source stop{};
    bool runs = false;
    bool cancelled = false;
  };
  struct Lane {
    Process* process = nullptr;
    bool linked = false;
    std::deque<std::shared_ptr<Attempt>> waiting{};
    std::size_t running = 0;
  };

  /// A success, and whose.
  struct Success {
    Process* process = nullptr;
    Event event{};
  };

  void work();
  void tell_given(const Lane& lane);
  void tell_one(std::unique_lock<std::mutex>& lock);
  [[nodiscard]] Lane* next_lane();
  void carry_out(Process& process, Attempt& attempt);
  void settle(Process& process, const Attempt& attempt, const Job& job,
              Result<ProcessStatus> result);
  void report(const Attempt& attempt, Outcome outcome);
  [[nodiscard]] bool stopping();
  void end_all(Error error);

  WorkersParts parts_;
  Reporter& reporter_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::map<std::string, Lane, std::less<>> lanes_;
  std::map<AttemptKey, std::shared_ptr<Attempt>> known_;  // waiting or running
  std::map<AttemptKey, Success> reported_;                // and not saved yet
  std::deque<Success> kept_;                              // saved, and not told yet
  std::size_t running_ = 0;
  std::uint64_t arrived_ = 0;
  bool stopping_ = false;
  bool fatal_ = false;
  std::vector<std::thread> threads_;
};

}  // namespace cordyna::embed
