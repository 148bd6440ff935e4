/// What main connects the command line to: the adapters, behind functions.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "model/flow.hpp"
#include "model/layout.hpp"
#include "ports/clock.hpp"
#include "ports/evaluator.hpp"
#include "ports/executor.hpp"
#include "ports/plugin_types.hpp"
#include "ports/secrets.hpp"
#include "ports/state_copy.hpp"
#include "ports/store.hpp"

namespace cordyna::cli {

/// How far this machine can hold tasks to their `resources`, and by what.
struct ResourceHold {
  std::string memory;  ///< "cgroup v1"; where there is no group: why
  std::string cpu;
  bool memory_grouped = false;
  bool cpu_grouped = false;
};

/// All functions must be set. Threads: any.
struct Parts {
  const Clock* clock = nullptr;
  const Evaluator* evaluator = nullptr;

  /// Becomes the owner, and calls `owned` once it is, before the store is ready.
  /// Errors: kConflict: somebody else is.
  std::function<Result<std::unique_ptr<Store>>(const StateLayout&,
                                               const std::function<void()>& owned)>
      open_store;
  /// Errors: kNotFound: there is no state.
  std::function<Result<std::unique_ptr<StoreReader>>(const StateLayout&)> open_reader;
  /// As in store/sqlite/backup.hpp: copies a state into a file, and makes a file a state.
  std::function<Result<StateCopy>(const StateLayout&, const std::string& file)> back_up_state;
  std::function<Result<StateCopy>(const std::string& file, const StateLayout&)> restore_state;
  /// This flow is about to run in a state that is ours: what its tasks will need can be started
  /// meanwhile.
  std::function<void(const StateLayout&, const Flow&)> expect;
  /// Who carries out the tasks. Cheap: starts nothing before the first task, but for what `expect`
  /// was told.
  std::function<std::unique_ptr<Executor>(const StateLayout&, ReportSink)> make_process;
  /// The secrets that are kept in a state folder, whoever owns it. Neither need exist yet.
  std::function<std::unique_ptr<SecretKeeper>(const StateLayout&)> open_secrets;
  /// The same, and all other places of a secret, for who needs a value.
  std::function<std::unique_ptr<Secrets>(const StateLayout&)> find_secrets;
  /// What programs of the project declare; null: nobody asks them.
  const PluginTypes* plugin_types = nullptr;
  /// The SQL of a data step.
  std::function<Result<std::string>(const Flow&, TaskIndex)> show_sql;
  /// A store that is gone with its object: for tests of flows.
  std::function<std::unique_ptr<Store>()> make_memory_store;
  /// The rows of a data step's table as JSON objects; the folder is for its scripts.
  std::function<Result<std::vector<std::string>>(const std::string& data,
                                                 const std::string& work_folder)>
      read_rows;
  /// The reference of the flow language, as Markdown.
  std::function<std::string()> reference;
  std::function<ResourceHold()> resource_hold;
};

}  // namespace cordyna::cli
