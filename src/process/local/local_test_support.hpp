/// What the tests of this folder share: a state folder, scripts as tasks, collected reports.
#pragma once

#include <condition_variable>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "process/local/fd.hpp"
#include "process/local/local_process.hpp"
#include "process/local/proc.hpp"

namespace cordyna::local_test {

/// Long enough for a loaded machine; a test that needs it has failed.
inline constexpr int kPatienceMs = 60'000;

[[nodiscard]] std::string self_path();

/// A state folder below the temporary folder. The destructor waits until no guardian is left.
class TestState {
 public:
  TestState();
  ~TestState();
  TestState(const TestState&) = delete;
  TestState& operator=(const TestState&) = delete;

  [[nodiscard]] const StateLayout& layout() const { return layout_; }
  [[nodiscard]] std::string path(const std::string& name) const { return outside_ + "/" + name; }
  [[nodiscard]] std::string folder(TaskIndex task, std::uint32_t attempt = 1) const {
    return layout_.attempt_folder(1, task, attempt);
  }
  /// Waits until neither a guardian nor the fork server is left.
  void wait_unused() const;
  /// "FOLDER/NAME" as a fifo that never ends, since it is open here for both.
  [[nodiscard]] local::Fd make_fifo(const std::string& name) const;

 private:
  std::string outside_;
  StateLayout layout_;
};

[[nodiscard]] std::string read_text(const std::string& path);
void write_text(const std::string& path, const std::string& text);
/// The next line of a fifo, without its end; a failure after the patience.
[[nodiscard]] std::string read_line(const local::Fd& fifo);
/// Lets `count` scripts pass that `read` from it.
void release(const local::Fd& fifo, int count = 1);
/// Waits for the end of a process that is not our child.
[[nodiscard]] bool wait_gone(const local::ProcessId& id);
[[nodiscard]] bool is_gone(pid_t pid);
/// From the file `guardian`.
[[nodiscard]] pid_t guardian_pid(const std::string& folder);

/// Reports of attempts of run 1, by task index and attempt.
class Reports {
 public:
  [[nodiscard]] ReportSink sink();
  /// Of the task with this path; fails the test after the patience.
  [[nodiscard]] Outcome wait_ended(const std::string& path, std::uint32_t attempt = 1);
  void wait_started(const std::string& path, std::uint32_t attempt = 1);
  [[nodiscard]] int ends() const;

 private:
  [[nodiscard]] bool wait(const std::function<bool()>& there);

  mutable std::mutex mutex_;
  std::condition_variable news_;
  std::map<AttemptKey, Outcome> ended_;
  std::map<AttemptKey, int> started_;
  int ends_ = 0;
};

/// Runs a task's `params` as a script of /bin/sh; `change` may alter what is launched.
class ScriptPreparer final : public Preparer {
 public:
  using Change = std::function<void(const StartAttempt&, const AttemptPaths&, Launch&)>;
  explicit ScriptPreparer(Change change = {}) : change_(std::move(change)) {}
  [[nodiscard]] std::expected<Launch, TaskError> prepare(const StartAttempt& command,
                                                         const AttemptPaths& paths) override;

 private:
  Change change_;
};

/// An owner in this process.
class TestOwner {
 public:
  explicit TestOwner(const TestState& state, ScriptPreparer::Change change = {},
                     LocalSettings settings = {});

  LocalProcess& process() { return *process_; }
  Reports& reports() { return reports_; }
  /// Starts the script as task t0, and waits for its end.
  [[nodiscard]] Outcome run(const std::string& script);
  /// It stops; its attempts go on.
  void leave() { process_.reset(); }

 private:
  SystemClock clock_;
  ScriptPreparer preparer_;
  Reports reports_;
  std::unique_ptr<LocalProcess> process_;
};

/// Of run 1: task t<index>, which runs `script`.
[[nodiscard]] StartAttempt make_start(const std::string& script, TaskIndex task = 0,
                                      std::uint32_t attempt = 1);
[[nodiscard]] CancelAttempt make_cancel(TaskIndex task = 0, std::uint32_t attempt = 1);

/// An owner in a process of its own, to be killed: starts `count` tasks, all with `script` and
/// `complete` as deadline, and says when all have started.
class OwnerChild {
 public:
  OwnerChild(const TestState& state, int count, const std::string& script, Millis complete = 0);
  ~OwnerChild();
  OwnerChild(const OwnerChild&) = delete;
  OwnerChild& operator=(const OwnerChild&) = delete;
  void kill_now();

 private:
  pid_t pid_ = -1;
};

/// The main of that process.
int owner_main(const std::string& folder, int count, const std::string& script, Millis complete);

}  // namespace cordyna::local_test
