/// What a run is before its machine is there: its row, its names for templates, its first records.
///
/// Functions of their arguments. Threads: none.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "engine/decision.hpp"
#include "model/flow.hpp"
#include "model/rows.hpp"
#include "ports/evaluator.hpp"

namespace cordyna::engine {

/// What begins a run.
struct RunStart {
  RunNo no = 0;
  RunId id;
  std::shared_ptr<const Flow> flow;
  std::string canonical;          ///< stored once for each version
  std::string inputs;             ///< JSON object
  Scheduled scheduled;            ///< the time it stands for
  RunNo rerun_of = 0;             ///< the run whose rows `taken` are
  std::vector<TaskRow> taken{};   ///< what that run completed or skipped: it is not done again
  std::string backfill{};         ///< number of the backfill that it belongs to; empty: none
  std::string concurrency_key{};  ///< what the flow's key gives; the engine fills it in
  RunNo parent = 0;               ///< the run whose task `parent_path` began it; 0: none
  std::string parent_path{};
  bool no_cache = false;
};

/// The run's row, pending: it has not begun.
[[nodiscard]] RunRow row_of(const RunStart& start, Millis now);

/// `run`, `flow`, `inputs` and `labels` of templates, as members of a JSON object, without braces.
[[nodiscard]] std::string names_of(const Flow& flow, const RunRow& run);

/// The flow's `vars`, rendered. What cannot be rendered stays as it is.
[[nodiscard]] std::string render_vars(const Flow& flow, const RunRow& run,
                                      const Evaluator& evaluator);

/// What `concurrency.key` gives for the run: at most kConcurrencyKeyMax bytes. Errors:
/// kInvalidArgument.
inline constexpr std::size_t kConcurrencyKeyMax = 512;
[[nodiscard]] Result<std::string> concurrency_key(const Flow& flow, const RunRow& run,
                                                  const Evaluator& evaluator);

/// Writes the rows that a rerun takes over as the run's own, after `seq` of its history. They have
/// no attempt here: none was made.
[[nodiscard]] std::vector<TaskRow> take_over(const RunRow& run, std::vector<TaskRow> taken,
                                             Millis now, std::int64_t& seq, Decision& out);

/// Writes a run that does not begin now, in the state that `run` has, with what it takes over where
/// it may still begin. What recovery would read of it comes back.
[[nodiscard]] RunSnapshot record(RunRow run, RunStart start, std::string detail, Millis now,
                                 Decision& out);

/// Ends a run that has not begun.
void end_pending(RunSnapshot& run, std::string detail, Millis now, Decision& out);

}  // namespace cordyna::engine
