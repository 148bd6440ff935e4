/// The tasks of a run under test: those with a fixture end as it says, by a virtual clock; others
/// are run for real where the test lets them, and take no time by that clock.
///
/// What stands in for a table is loaded by a real load step, so that a contract is applied to it
/// and the steps behind it find what they always find.
///
/// Threads: one, which is the one that runs the loop; real reports come from any.
#pragma once

#include <condition_variable>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "flow/case_file.hpp"
#include "ports/evaluator.hpp"
#include "ports/executor.hpp"

namespace cordyna::flowtest {

/// Whether something of the test is run for real.
[[nodiscard]] bool needs_real(const Flow& flow, const flow::FlowCase& test);

/// The flow as the real side sees it: tasks with data fixtures load those. `write_rows` makes a
/// file of JSON lines and gives its path. Errors: those of `write_rows`.
[[nodiscard]] Result<std::shared_ptr<const Flow>> with_data_fixtures(
    std::shared_ptr<const Flow> flow, const flow::FlowCase& test,
    const std::function<Result<std::string>(TaskIndex, const std::vector<std::string>&)>&
        write_rows);

class FixtureTasks final : public Executor {
 public:
  /// Borrows all; `real_flow` as with_data_fixtures makes it. `now` is the virtual clock.
  FixtureTasks(const Flow& flow, const flow::FlowCase& test, const Evaluator& evaluator,
               const Millis& now);

  /// Where real reports come in: may outlive this.
  [[nodiscard]] ReportSink sink() const;
  void set_real(Executor& real, std::shared_ptr<const Flow> real_flow);

  void start(const StartAttempt& command) override;
  void cancel(const CancelAttempt& command) override;
  void adopt(const StartAttempt& command) override { start(command); }
  // run_ended is not handed on: expectations look at what the run has left.

  /// When the next of the fixtures reports; nullopt: none will.
  [[nodiscard]] std::optional<Millis> next() const;
  /// Takes those that are due by now, and what came from the real side.
  [[nodiscard]] std::vector<AttemptReport> take();
  /// Whether something runs for real.
  [[nodiscard]] bool real_runs() const;
  /// Waits for a real report, so long at most.
  void wait(Millis real_time) const;
  /// Ends what runs for real.
  void cancel_real();

  /// Tasks that were to run and have no fixture: what to say about each.
  [[nodiscard]] const std::map<TaskIndex, std::string>& refused() const { return refused_; }

 private:
  struct Inbox;  // shared with the real side's threads

  [[nodiscard]] const flow::Fixture* fixture_of(TaskIndex task) const;
  [[nodiscard]] std::string why_not_real(const StartAttempt& command) const;
  void run_real(const StartAttempt& command);
  void schedule(Millis at, AttemptReport report);
  void end(const StartAttempt& command, const flow::FixtureAttempt& attempt);

  const Flow& flow_;
  const flow::FlowCase& test_;
  const Evaluator& evaluator_;
  const Millis& now_;
  Executor* real_ = nullptr;
  std::shared_ptr<const Flow> real_flow_;
  std::shared_ptr<Inbox> inbox_;
  std::map<std::pair<Millis, std::uint64_t>, AttemptReport> queue_;
  std::uint64_t next_seq_ = 0;
  std::set<AttemptKey> begun_;
  std::map<AttemptKey, TaskIndex> real_live_;
  std::map<TaskIndex, std::string> refused_;
};

}  // namespace cordyna::flowtest
