/// What a local program needs to be started: made from a task by a Preparer, run by a guardian.
#pragma once

#include <cstddef>
#include <expected>
#include <string>
#include <utility>
#include <vector>

#include "model/attempt.hpp"
#include "model/task_error.hpp"

namespace cordyna {

/// Of an attempt's outputs in all, and of the report of a program of ours.
inline constexpr std::size_t kOutputsBytesMax = std::size_t{1} << 20;

struct LaunchFile {
  std::string name;  ///< in the attempt's folder; a name of ours, without "/"
  std::string content;
  bool told = false;  ///< what the task is told of its run, which may not be what it does
};

/// Values never become program text: what comes from outside stands in `env`, or in one element of
/// `argv`.
struct Launch {
  std::vector<std::string> argv;  ///< argv[0] is looked up in PATH where it has no "/"
  std::vector<std::pair<std::string, std::string>>
      env;  ///< besides the allow-list and the DYNA_ names, which the guardian's side adds
  std::string folder;              ///< working folder: absolute
  std::vector<LaunchFile> files;   ///< written before the start; mode 0600
  std::vector<std::string> reads;  ///< files of other tasks that are named in `files`: it is their
                                   ///< content that matters to the work, not where they lie
  std::vector<std::string> masks;  ///< secret values: replaced by "***" in all output
  bool holds_resources = false;    ///< what is started bounds its work by the task's `resources`
                                   ///< itself: they are not those of the process
  bool ends_its_own = false;       ///< asked to end, it asks what it has started: nobody else does,
                                   ///< before all of it is ended by force
};

/// The paths an attempt will have; nothing of them exists yet when it is prepared.
struct AttemptPaths {
  std::string folder;  ///< absolute
  std::string outputs;
  std::string report;
  std::string artifacts;
  std::string work;
  std::string private_mark;  ///< says that the attempt's data tells about persons
};

/// Turns a task into a Launch: one for each type, in a registry by type name.
///
/// Renders the templates of the task with `command.context`; looks secrets up. No other effects.
/// Errors: a TaskError with phase kPrepare. Threads: cerebro's engine thread.
class Preparer {
 public:
  virtual ~Preparer() = default;
  [[nodiscard]] virtual std::expected<Launch, TaskError> prepare(const StartAttempt& command,
                                                                 const AttemptPaths& paths) = 0;
};

}  // namespace cordyna
