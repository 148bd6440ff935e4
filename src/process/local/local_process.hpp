/// Runs attempts as processes of this machine, each under a guardian that outlives the owner.
///
/// `start` prepares the attempt and hands it to a guardian: an idle one, or a new one from the fork
/// server, which is started when it is first needed. All reports come from one thread of its own.
/// The destructor leaves running attempts to their guardians; another LocalProcess of the same
/// state folder adopts them.
///
/// DYNA_ names given to a task: RUN_ID, RUN (its number), TASK (its path), ATTEMPT
/// ("<run id>/<path>/<n>", unique), FENCE (a number that grows with each run and each attempt),
/// OUTPUTS, ARTIFACTS, WORK, and REPORT where the type's report counts.
#pragma once

#include <cstddef>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "model/layout.hpp"
#include "model/log_format.hpp"
#include "ports/clock.hpp"
#include "ports/executor.hpp"
#include "ports/launch.hpp"
#include "ports/work_cache.hpp"
#include "process/local/report_trust.hpp"

namespace cordyna {

/// Stands for the types of plugins, "acme/geocode", in tables by task type.
inline constexpr const char* kPluginRow = "/";

namespace local {
class ServerStart;
}

struct LocalSettings {
  /// The fork server's program: an absolute path, then its arguments, which end with the state
  /// folder: {"/usr/bin/dyna", "supervise", "/home/u/flows/.cordyna"}.
  std::vector<std::string> supervise_argv;
  /// The fork server, if it was started with that already (fork_link.hpp).
  std::shared_ptr<local::ServerStart> starting = nullptr;
  Millis kill_grace = 10'000;                ///< from SIGTERM to SIGKILL
  std::size_t log_bytes_max = kLogBytesMax;  ///< of one attempt
  bool use_groups = true;  ///< for `resources`; false: limits of each process alone
  /// What of the file `report` is believed of a task's attempts; empty: nothing of any.
  std::function<ReportTrust(const TaskSpec&)> report_trust{};
  WorkCache* cache = nullptr;  ///< of tasks with a `cache`; null: all work is done
};

/// Threads: as Executor says; the constructor starts one thread, the destructor ends it.
class LocalProcess final : public Executor {
 public:
  /// Borrows the preparers (by task type; that of all types of plugins by kPluginRow) and the
  /// clock. The layout's folder is absolute and exists.
  LocalProcess(const StateLayout& layout, LocalSettings settings,
               std::map<std::string, Preparer*> preparers, const Clock& clock, ReportSink sink);
  ~LocalProcess() override;
  LocalProcess(const LocalProcess&) = delete;
  LocalProcess& operator=(const LocalProcess&) = delete;

  void start(const StartAttempt& command) override;
  void cancel(const CancelAttempt& command) override;
  void adopt(const StartAttempt& command) override;

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace cordyna
