/// A state and its owners, one after another, with flows that begin each other.
#pragma once

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "cerebro/loop.hpp"
#include "cerebro/plain_evaluator.hpp"
#include "store/memory/memory_store.hpp"

namespace cordyna {

/// Keeps what it was told to start until the test ends it.
class HeldWork final : public Executor {
 public:
  void start(const StartAttempt& command) override { live[command.key.run] = command.key; }
  void cancel(const CancelAttempt& command) override {
    cancelled.push_back(command.key);
    live[command.key.run] = command.key;  // until the test says that it is dead
  }
  void adopt(const StartAttempt& command) override { live[command.key.run] = command.key; }

  std::map<RunNo, AttemptKey> live;
  std::vector<AttemptKey> cancelled;
};

inline TaskSpec shell_task(std::string id) {
  TaskSpec task;
  task.id = std::move(id);
  task.type = "shell";
  task.owner = "team-b";
  return task;
}

/// A task that begins a run of `wanted`.
inline TaskSpec flow_task(std::string id, Subflow wanted) {
  TaskSpec task;
  task.id = std::move(id);
  task.type = "flow";
  task.kind = TaskKind::kRun;
  task.owner = "team-a";
  task.subflow = std::move(wanted);
  return task;
}

inline Subflow run_of(std::string id) {
  Subflow wanted;
  wanted.ns = "acme";
  wanted.id = std::move(id);
  return wanted;
}

class SubflowWorld : public testing::Test {
 protected:
  SubflowWorld() { add("child", {shell_task("work")}, R"({"total":"7"})"); }

  void add(const std::string& id, std::vector<TaskSpec> tasks, std::string outputs = "{}") {
    auto flow = std::make_shared<Flow>();
    flow->id = id;
    flow->ns = "acme";
    flow->owner = "team-" + id;
    flow->hash = id;
    flow->outputs = std::move(outputs);
    flow->tasks = std::move(tasks);
    flows_[id] = std::move(flow);
  }

  /// A new owner of the state, which knows nothing but what was saved.
  void boot() {
    if (loop_ != nullptr) store_ = store_->fork_owner();
    process = HeldWork();
    SubflowPorts ports;
    ports.find = [this](std::string_view ns, std::string_view id,
                        const std::string&) -> Result<FoundFlow> {
      const auto found = flows_.find(std::string(id));
      if (ns != "acme" || found == flows_.end()) {
        return fail(ErrorCode::kNotFound, fmt::format("there is no flow '{}/{}'", ns, id));
      }
      return FoundFlow{found->second, found->second->id};
    };
    ports.inputs = [this](const Flow&, const std::string& given,
                          std::string_view) -> Result<std::string> {
      if (given.find("bad") != std::string::npos) {
        return fail(ErrorCode::kInvalidArgument, "input 'day' is no date");
      }
      // As of a flow that counts how deep it is.
      if (given.find("deeper") != std::string::npos) {
        return fmt::format(R"({{"deeper":{}}})", ++deeper_);
      }
      return given;
    };
    auto loader = [this](std::string_view canonical,
                         std::string_view) -> Result<std::shared_ptr<const Flow>> {
      return flows_.at(std::string(canonical));
    };
    loop_ = std::make_unique<Loop>(engine::Limits{8}, *store_, evaluator_, loader, TickPorts{},
                                   std::move(ports));
    loop_->set_process(process);
  }

  RunNo submit(const std::string& id, std::string inputs = "{}") {
    if (loop_ == nullptr) boot();
    RunRequest request;
    request.id = RunId{fmt::format("run-{}", ++ids_)};
    request.flow = flows_.at(id);
    request.canonical = id;
    request.inputs = std::move(inputs);
    const RunNo no = loop_->apply(now, SubmitSignal{std::move(request)}).value();
    settle();
    return no;
  }

  void resume(RunNo no) {
    const RunRow row = store_->find_run(no).value();
    EXPECT_TRUE(loop_->apply(now, ResumeSignal{row.id}).has_value());
    settle();
  }

  void cancel(RunNo no) {
    const RunRow row = store_->find_run(no).value();
    EXPECT_TRUE(loop_->apply(now, CancelSignal{row.id}).has_value());
    settle();
  }

  /// Ends the live attempt of a run.
  void end(RunNo run, AttemptState how = AttemptState::kCompleted) {
    AttemptReport report{process.live.at(run), ReportKind::kEnded, {}, {}};
    report.outcome.state = how;
    if (how == AttemptState::kFailed) {
      report.outcome.error = make_task_error(TaskErrorCode::kExitNonzero, Phase::kRun, "exit 1");
    }
    process.live.erase(run);
    ++now;
    loop_->apply(now, report);
    settle();
  }

  void settle() {
    do {
      ASSERT_TRUE(loop_->step(now).has_value());
    } while (loop_->has_work());
  }

  RunRow run(RunNo no) { return store_->find_run(no).value(); }
  RunState state(RunNo no) { return run(no).state; }
  std::size_t runs() {
    RunFilter all;
    all.limit = 1000;
    return store_->list_runs(all).value().size();
  }
  TaskRow task(RunNo no, std::string_view path) {
    const auto tasks = store_->load_run(no).value().tasks;
    const auto found = std::ranges::find(tasks, path, &TaskRow::path);
    return found == tasks.end() ? TaskRow{} : *found;
  }
  std::string detail(RunNo no, AttemptState state) {
    const std::vector<HistoryRow> history = store_->list_history(no, 0, 1000).value();
    for (const HistoryRow& row : history) {
      if (row.attempt_state == state) return row.detail;
    }
    return "-";
  }

  int deeper_ = 0;
  Millis now = 1'000'000;
  HeldWork process;

 private:
  PlainEvaluator evaluator_;
  std::map<std::string, std::shared_ptr<const Flow>> flows_;
  std::unique_ptr<MemoryStore> store_ = std::make_unique<MemoryStore>();
  std::unique_ptr<Loop> loop_;
  int ids_ = 0;
};

}  // namespace cordyna
