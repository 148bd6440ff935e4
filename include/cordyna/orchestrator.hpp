/// Inputs, processes, and the links between them: the engine of Cordyna inside of another program.
///
///     cordyna::Orchestrator orchestrator;
///     orchestrator.add_input(std::make_unique<Orders>());
///     orchestrator.add_process(std::make_unique<Enrich>());
///     orchestrator.add_link("orders", "enrich");
///     orchestrator.run(stop);
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <stop_token>
#include <string>
#include <string_view>

#include "cordyna/event.hpp"
#include "cordyna/export.hpp"
#include "cordyna/input.hpp"
#include "cordyna/process.hpp"
#include "cordyna/result.hpp"

namespace cordyna {

/// What went wrong, and with what.
struct Failure {
  Error error{};
  std::string input{};  ///< whose event it is, or which ended; empty: none is concerned
  /// Empty: the input itself ended; without `again`, it goes on, and something is wrong with it.
  std::string process{};
  Event event{};              ///< of a process
  ProcessStatus status{};     ///< of a process that gave one: with its logs
  std::uint32_t attempt = 0;  ///< of a process, from 1
  bool again = false;         ///< the process, or the input, is called again after `wait`
  std::chrono::milliseconds wait{};
};

/// A process completed.
struct Completion {
  std::string input{};
  std::string process{};
  Event event{};
  ProcessStatus status{};
};

struct OrchestratorOptions {
  std::size_t concurrency = 8;   ///< processes at a time; 1 to 1,024
  std::size_t pending = 10'000;  ///< events that have not ended; with as many, inputs wait
  /// A folder for the state, made if it is missing: events outlive the program, and none is lost.
  /// Empty: they are in memory alone. One program at a time has it.
  std::filesystem::path state{};
  /// Of events that have ended, so many are remembered, so that a repeat is told by its key.
  std::size_t remembered = 100'000;

  std::uint32_t attempts = 3;  ///< of a process for one event, with the first; at least 1
  std::chrono::milliseconds retry_wait{1'000};  ///< before the second attempt; doubles

  std::chrono::milliseconds first_wait{100};  ///< before an input is called again; doubles, up to
  std::chrono::milliseconds longest_wait{30'000};

  /// Both are called from any thread, one call at a time, and must not call back; what they throw
  /// is ignored. `on_error` empty: to standard error.
  std::function<void(const Failure&)> on_error{};
  std::function<void(const Completion&)> on_completed{};
};

/// Threads: all calls from any thread.
class CORDYNA_API Orchestrator {
 public:
  explicit Orchestrator(OrchestratorOptions options = {});
  ~Orchestrator();
  Orchestrator(const Orchestrator&) = delete;
  Orchestrator& operator=(const Orchestrator&) = delete;

  /// Ids: 1 to 128 letters, digits, '_', '-', '.'; inputs and processes share one space.
  /// Errors: kInvalidArgument: no such id; kConflict: the id is taken, and what has it stays; or it
  /// runs, and nothing can be added.
  [[nodiscard]] Result<> add_input(std::unique_ptr<Input> input);
  [[nodiscard]] Result<> add_process(std::unique_ptr<Process> process);

  /// From an input or a process to a process. The process runs once for each event, when all that
  /// lead to it have completed; behind a failed one it does not run.
  /// Errors: kNotFound: UnknownProcess; kInvalidArgument: ProcessConversion: `to` is an input;
  /// kConflict: the link is there, or closes a circle, which the message shows; or it runs.
  [[nodiscard]] Result<> add_link(std::string_view from, std::string_view to);

  /// Runs all inputs and delivers their events, until `stop`: then inputs end, processes that run
  /// are asked to end and waited for, and what is left stays for the next time. Without a state,
  /// "the next time" is the next `run` of this object.
  ///
  /// Errors: kInvalidArgument: an input leads nowhere, or there is none, or an option is out of its
  /// bounds; kConflict: it runs already, another program has the state, or the state is of
  /// something else; UnknownProcess, ProcessConversion: the state has work for a process that this
  /// program does not have; those of the state, which may come at any time.
  [[nodiscard]] Result<> run(std::stop_token stop);

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace cordyna
