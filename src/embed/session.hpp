/// One time that an orchestrator runs: cerebro over its store, the workers, and a thread for each
/// input.
#pragma once

#include <map>
#include <memory>
#include <stop_token>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "cerebro/cerebro.hpp"
#include "cerebro/plain_evaluator.hpp"
#include "cordyna/orchestrator.hpp"
#include "embed/commits.hpp"
#include "embed/intake.hpp"
#include "embed/links.hpp"
#include "embed/reporter.hpp"
#include "embed/room.hpp"
#include "embed/workers.hpp"
#include "ports/clock.hpp"
#include "ports/store.hpp"

namespace cordyna::embed {

struct SessionParts {
  std::vector<Input*> inputs;
  std::map<std::string, Process*> processes;
  std::map<std::string, std::vector<Stage>> stages;  ///< of each input
};

class Session {
 public:
  /// Borrows all but the parts.
  Session(const OrchestratorOptions& options, SessionParts parts, Store& store, Reporter& reporter)
      : options_(options), parts_(std::move(parts)), store_(store), reporter_(reporter) {}

  /// As Orchestrator::run. Once.
  [[nodiscard]] Result<> run(const std::stop_token& stop);

 private:
  /// What earlier programs left, read before cerebro has the store.
  struct Left {
    std::vector<RunId> runs;
    std::size_t events = 0;  ///< of which no run has begun
    std::vector<FlowChange> changes;
    std::map<std::string, InputLeft> inputs;
  };

  [[nodiscard]] Result<> check_ours() const;
  [[nodiscard]] Result<Left> look() const;
  [[nodiscard]] Result<InputLeft> memory_of(const Input& input) const;
  [[nodiscard]] Result<FlowChange> change_of(const Input& input) const;
  [[nodiscard]] CerebroSettings settings() const;
  [[nodiscard]] WorkersParts workers_parts(Cerebro& cerebro, Commits& commits) const;
  [[nodiscard]] Result<> begin(Cerebro& cerebro, Left& left) const;
  void listen(Cerebro& cerebro, Workers& workers, Room& room, Commits& commits, const Left& left,
              const std::stop_token& stop);

  const OrchestratorOptions& options_;
  SessionParts parts_;
  Store& store_;
  Reporter& reporter_;
  SystemClock clock_;
  PlainEvaluator evaluator_;
};

}  // namespace cordyna::embed
