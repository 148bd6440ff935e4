/// The end of a run, for people: how it ended, what failed and why, what that blocked, where its
/// outputs lie.
#pragma once

#include <cstddef>
#include <functional>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "cli/palette.hpp"
#include "cli/renderer.hpp"
#include "model/layout.hpp"
#include "model/rows.hpp"
#include "ports/store.hpp"

namespace cordyna::cli {

struct FailedTask {
  std::string path;
  std::uint32_t attempt = 0;
  TaskError error;
  bool allowed = false;                 ///< `allow_failure`
  std::vector<std::string> blocked;     ///< paths, the first few
  std::size_t blocked_count = 0;        ///< all of them
  std::vector<std::string> last_lines;  ///< of its output, errors first; printable; without the
                                        ///< error itself
  bool has_log = false;                 ///< it said something
};

struct HeldTask {
  std::string path;
  std::string reason;
  std::vector<std::string> asks = {};  ///< inputs that who approves must give
};

struct RunSummary {
  RunRow run;
  std::vector<FailedTask> failed;  ///< the first few
  std::size_t failed_count = 0;
  std::vector<std::string> shared;  ///< paths that share tasks wrote
  std::vector<HeldTask> held = {};  ///< those that wait for a person
};

/// Whether the end of a completed run is to be found only in the rows of its tasks.
[[nodiscard]] bool wants_rows(const FollowedRun& run);

/// The end of the log of an attempt, as model/log_format.hpp has it; empty: it said nothing.
using LogEnd =
    std::function<std::string(const std::string& path, TaskIndex task, std::uint32_t attempt)>;

/// Reads what the end of a run shows. `run.flow` may be null. Errors: those of the store.
[[nodiscard]] Result<RunSummary> load_summary(StoreReader& reader, const LogEnd& log,
                                              const FollowedRun& run);
/// With the logs of a state folder.
[[nodiscard]] Result<RunSummary> load_summary(StoreReader& reader, const StateLayout& layout,
                                              const FollowedRun& run);

/// Lines, each with its end.
[[nodiscard]] std::string format_summary(const RunSummary& summary, const Palette& palette);

/// One JSON object without a line end: {"summary":{"run":12,"id":…,"state":…,"failed":[…]}}.
[[nodiscard]] std::string summary_as_json(const RunSummary& summary);

/// The last `lines_max` lines of a log file's text, of standard error where there is any.
[[nodiscard]] std::vector<std::string> last_lines(std::string_view log, std::size_t lines_max);

}  // namespace cordyna::cli
