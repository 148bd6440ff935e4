// cordyna_sim_dags FROM COUNT
//
// Random DAGs with a random set of tasks that fail, run by the engine alone and held against the
// model of reference.hpp (R17): who ran, who was skipped, who was blocked and by whom, and how the
// run ended. Exit code 0: all agreed; 1: one did not, with its seed; 2: usage.
#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "engine/engine.hpp"
#include "sim/evaluator.hpp"
#include "sim/flows.hpp"
#include "sim/random.hpp"
#include "sim/reference.hpp"

namespace cordyna::sim {
namespace {

using engine::Decision;

/// One run of one flow, whose processes answer at once, in a random order.
class DagRun {
 public:
  explicit DagRun(std::uint64_t seed) : random_(seed) {
    FlowTaste taste;
    taste.tasks_max = 1 + random_.below(40);
    taste.limits = false;
    taste.waits = false;
    flow_ = random_flow(random_, taste);
    const std::uint64_t failing = random_.below(60);
    for (TaskIndex task = 0; task < flow_->tasks.size(); ++task) {
      fails_.push_back(random_.chance(failing));
    }
  }

  /// Empty: the engine and the model agree.
  std::string differences() {
    Decision out;
    const Result<> begun = engine_.start_run(now_, {1, RunId{"r"}, flow_, "{}", "{}", {}}, out);
    if (!begun.has_value()) return begun.error().message;
    go_on(out);
    if (!ended_.has_value()) return "the run did not end";
    std::string told;
    const Unrolled all = unroll(*flow_);
    const std::vector<TaskState> expected =
        expected_states(*all.flow, [&](TaskIndex task) { return own(all.origin[task]); });
    bool error = false;
    bool warning = false;
    for (TaskIndex task = 0; task < all.flow->tasks.size(); ++task) {
      const TaskSpec& spec = all.flow->tasks[task];
      if (!has_turn(*all.flow, task)) continue;
      const TaskRow& row = rows_[spec.id];
      if (row.state != expected[task]) {
        told += spec.id + " ended " + std::string(to_string(row.state)) + ", the model says " +
                std::string(to_string(expected[task])) + "\n";
      }
      if (row.state == TaskState::kBlocked && rows_[row.blocked_by].state != TaskState::kError) {
        told += spec.id + " is blocked by " + row.blocked_by + ", which did not fail\n";
      }
      const bool failed = expected[task] == TaskState::kError;
      error = error || (failed && !forgiven(*all.flow, task));
      warning = warning || (failed && forgiven(*all.flow, task));
    }
    const RunState wanted = error     ? RunState::kError
                            : warning ? RunState::kWarning
                                      : RunState::kCompleted;
    if (*ended_ != wanted) told += "the run ended " + std::string(to_string(*ended_)) + "\n";
    return told;
  }

 private:
  /// Items of a foreach that did not begin have no tasks.
  [[nodiscard]] bool has_turn(const Flow& all, TaskIndex task) {
    for (TaskIndex in = all.tasks[task].inside; in != kNoTask; in = all.tasks[in].inside) {
      if (!all.tasks[in].foreach.items.empty() && rows_[all.tasks[in].id].outputs.empty())
        return false;
    }
    return true;
  }

  [[nodiscard]] TaskState own(TaskIndex task) const {
    const TaskSpec& spec = flow_->tasks[task];
    const bool fails = spec.kind == TaskKind::kEngine ? spec.type == "fail" : fails_[task];
    return fails ? TaskState::kError : TaskState::kCompleted;
  }

  void go_on(Decision& out) {
    std::vector<StartAttempt> live;
    while (!ended_.has_value()) {
      engine_.advance(now_, out);
      for (const TaskRow& row : out.changes.tasks) rows_[row.path] = row;
      for (const RunRow& row : out.changes.runs) {
        if (is_final(row.state)) ended_ = row.state;
      }
      live.insert(live.end(), out.starts.begin(), out.starts.end());
      out.clear();
      if (engine_.has_work() || ended_.has_value()) continue;
      if (!live.empty()) {
        answer(live, out);
      } else if (engine_.next_timer().has_value()) {
        now_ = std::max(now_, *engine_.next_timer());  // a retry is due
      } else {
        return;
      }
    }
  }

  void answer(std::vector<StartAttempt>& live, Decision& out) {
    const auto at = static_cast<std::ptrdiff_t>(random_.below(live.size()));
    AttemptReport report{live[static_cast<std::size_t>(at)].key, ReportKind::kEnded, {}};
    if (own(live[static_cast<std::size_t>(at)].task) == TaskState::kError) {
      report.outcome.state = AttemptState::kFailed;
      report.outcome.error =
          make_task_error(TaskErrorCode::kExitNonzero, Phase::kRun, "exit code 1");
    }
    live.erase(live.begin() + at);
    engine_.report(now_, report, out);
  }

  Random random_;
  WordEvaluator evaluator_;
  engine::Engine engine_{{3}, evaluator_};
  std::shared_ptr<const Flow> flow_;
  std::vector<bool> fails_;
  std::map<std::string, TaskRow> rows_;
  std::optional<RunState> ended_;
  Millis now_ = 1'000'000;
};

}  // namespace
}  // namespace cordyna::sim

int main(int argc, char** argv) {
  if (argc != 3) {
    std::fputs("usage: cordyna_sim_dags FROM COUNT\n", stderr);
    return 2;
  }
  const std::uint64_t from = std::strtoull(argv[1], nullptr, 10);
  const std::uint64_t count = std::strtoull(argv[2], nullptr, 10);
  for (std::uint64_t seed = from; seed < from + count; ++seed) {
    const std::string told = cordyna::sim::DagRun(seed).differences();
    if (told.empty()) continue;
    std::printf("%sreplay: cordyna_sim_dags %llu 1\n", told.c_str(),
                static_cast<unsigned long long>(seed));
    return 1;
  }
  std::printf("%llu DAGs agree with the model\n", static_cast<unsigned long long>(count));
  return 0;
}
