/// Which tasks of a run that has ended a rerun of it takes over, and which run again.
///
/// One rule: a main task that completed, or was skipped, is taken over, but for
/// - those that somebody asks for: `from` and all that comes after it, or all where inputs changed;
/// - those that are others in the version which is to run, and all that comes after them;
/// - a skipped task after one that runs again: what skipped it may turn out otherwise;
/// - one whose data is gone, where a task that runs again would read it;
/// - a switch and what is inside of it, which are taken over together or not at all.
/// Tasks of `errors` and `finally` always run again. Pure. Threads: any.
#pragma once

#include <string>
#include <vector>

#include "base/result.hpp"
#include "model/flow.hpp"
#include "model/rows.hpp"

namespace cordyna::engine {

struct TakeoverWish {
  std::string from;               ///< a task's path; empty: what did not complete
  bool all = false;               ///< all run again; `from` goes before
  std::vector<std::string> gone;  ///< paths of tasks whose data is not there any more
  /// Paths of tasks that were others when the run had them, or that it had not; any may be unknown.
  std::vector<std::string> changed{};
};

struct Takeover {
  std::vector<std::string> taken;  ///< paths, in the order of the flow
  std::vector<std::string> again;  ///< paths of main tasks that run again
};

/// `tasks`: the rows of the run, also of tasks that `flow` has no more. Errors: kNotFound: no task
/// `from`, with the nearest name; kInvalidArgument: it stands in `errors` or `finally`.
[[nodiscard]] Result<Takeover> plan_takeover(const Flow& flow, const std::vector<TaskRow>& tasks,
                                             const TakeoverWish& wish);

/// Of the rows of a run, those that have these paths and may be taken over. Errors: kConflict: a
/// path has none, or names no task of `flow`.
[[nodiscard]] Result<std::vector<TaskRow>> rows_taken(const Flow& flow, std::vector<TaskRow> tasks,
                                                      const std::vector<std::string>& paths);

}  // namespace cordyna::engine
