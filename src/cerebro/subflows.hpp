/// Carries out tasks of type `flow`, and needs of other flows: begins the run that one asks for, or
/// joins a run that is there, and tells the engine how that ended.
///
/// To the engine such a task is an attempt like any other, and this is who it is handed to:
/// commands come after their commit, and may come again. What is to be done is found out from the
/// rows alone:
/// - the id of a run that an attempt begins derives from the attempt, so that it begins one;
/// - a run of the flow that completed at most `within` before the attempt was made will do; one
/// that
///   is running is waited for; after one that was begun since and did not complete, the attempt has
///   failed; else it begins one itself.
///
/// Single-threaded and without waiting. Part of Loop, which commits.
#pragma once

#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.hpp"
#include "engine/run_begin.hpp"
#include "model/attempt.hpp"
#include "model/flow.hpp"
#include "model/rows.hpp"
#include "ports/evaluator.hpp"
#include "ports/flow_finder.hpp"
#include "ports/store.hpp"

namespace cordyna {

/// What it cannot do itself; handed in by main, both or none.
struct SubflowPorts {
  /// The present version of a flow, by namespace and id; `folder`: of the flow that asks. Errors:
  /// kNotFound; kInvalidArgument: it cannot be read. The message says what would be right.
  std::function<Result<FoundFlow>(std::string_view ns, std::string_view id,
                                  const std::string& folder)>
      find;
  /// The JSON object of the inputs of a run: `given` is one too, `run_context` is {"run": {…}}.
  /// Errors: kInvalidArgument.
  std::function<Result<std::string>(const Flow&, const std::string& given,
                                    std::string_view run_context)>
      inputs;
};

/// So many runs stand above each other where flows begin each other, that at the top counted in: as
/// many as a network of tasks may be deep.
inline constexpr int kFlowDepthMax = 256;
/// And so many where one of the flows is among them more than once. It is there to end what begins
/// itself, and each step of that may begin several.
inline constexpr int kFlowCircleMax = 16;

class Subflows {
 public:
  /// What the loop does for it.
  struct Hands {
    std::function<Result<RunNo>(engine::RunStart)> start;
    std::function<Result<RunNo>(const RunRow&)> take_up;
    std::function<void(RunNo)> cancel;
    std::function<void(const AttemptReport&)> report;
  };

  /// Borrows store and evaluator.
  Subflows(Store& store, const Evaluator& evaluator, SubflowPorts ports)
      : store_(store), evaluator_(evaluator), ports_(std::move(ports)) {}

  /// Whether it is who such attempts are handed to. Without its ports, nobody's are.
  [[nodiscard]] bool is_for(const Flow& flow, TaskIndex task) const {
    return ports_.find != nullptr && flow.tasks[task].kind == TaskKind::kRun;
  }
  /// Also again, after a restart.
  void start(const StartAttempt& command);
  /// False: it is not known here, and perhaps somebody else's.
  bool cancel(const CancelAttempt& command);

  /// Does what was asked for, and hears from `out` which runs ended; `out` grows with what the
  /// hands do. Errors: those of the store.
  [[nodiscard]] Result<> advance(Millis now, const Hands& hands, const ChangeSet& out);
  [[nodiscard]] bool behind() const { return !asked_.empty() || !cancels_.empty(); }

 private:
  struct Wait {
    StartAttempt command;
    RunNo run = 0;
    bool own = false;  // the attempt began it
    bool cancelled = false;
  };
  /// What a look at the rows gave.
  struct Found {
    RunRow run;
    bool own = false;
  };

  /// The runs of one flow, for attempts that look one after another.
  struct Seen {
    std::pair<std::string, std::string> of;
    std::size_t changes = 0;  // that there were
    std::vector<RunRow> runs;
  };

  [[nodiscard]] Result<> look(Millis now, const StartAttempt& command, const Hands& hands,
                              const ChangeSet& out);
  [[nodiscard]] Result<std::unique_ptr<Found>> find_run(const StartAttempt& command,
                                                        const std::string& inputs,
                                                        const ChangeSet& out);
  [[nodiscard]] Result<std::vector<RunRow>> runs_of(const Subflow& wanted, const ChangeSet& out);
  [[nodiscard]] Result<> begin(Millis now, const StartAttempt& command, const Hands& hands);
  [[nodiscard]] Result<Result<engine::RunStart>> prepare(Millis now, const StartAttempt& command);
  [[nodiscard]] Result<std::string> endless_why(RunRow run, const Subflow& wanted,
                                                const std::string& inputs);
  [[nodiscard]] Result<std::string> inputs_of(const Flow& flow, const StartAttempt& command,
                                              std::string_view run_context) const;
  [[nodiscard]] std::optional<std::vector<AttemptKey>> path_to(RunNo run, RunNo other) const;
  void break_circles(const StartAttempt& command, RunNo own, const Hands& hands);
  [[nodiscard]] static TaskError circle_error(RunNo run);
  Wait forget(const AttemptKey& key);
  [[nodiscard]] Result<> wait(const StartAttempt& command, const Found& found, const Hands& hands);
  [[nodiscard]] Result<> hear(const RunRow& run, const Hands& hands, const ChangeSet& out);
  [[nodiscard]] Result<> end(const StartAttempt& command, const RunRow& run, const Hands& hands,
                             const ChangeSet& out);
  [[nodiscard]] Result<TaskError> error_of(const RunRow& run, const ChangeSet& out);
  [[nodiscard]] Result<> do_cancel(const AttemptKey& key, const Hands& hands);
  static void report_cancelled(const AttemptKey& key, const Hands& hands);
  static void fail_attempt(const StartAttempt& command, TaskError error, const Hands& hands);

  Store& store_;
  const Evaluator& evaluator_;
  SubflowPorts ports_;
  std::deque<StartAttempt> asked_;
  std::set<AttemptKey> cancels_;
  std::map<AttemptKey, Wait> waits_;
  std::map<RunNo, AttemptKey> by_run_;                                    // whose run it is
  std::multimap<std::pair<std::string, std::string>, AttemptKey> joins_;  // by namespace and id
  Seen seen_;
};

}  // namespace cordyna
