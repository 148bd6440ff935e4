// fill_runs STATE COUNT
//
// Makes a state folder with COUNT runs that have ended, through the store itself: for the works of
// ./dev bench about a long history. 50 flows; of 51 runs one ended in error and one as a warning.
#include <array>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>

#include "store/sqlite/sqlite_store.hpp"

namespace {

using namespace cordyna;

constexpr int kFlows = 50;
constexpr RunNo kBatch = 1000;
constexpr Millis kFirst = 1'700'000'000'000;

RunState state_of(RunNo no) {
  if (no % 51 == 7) return RunState::kError;
  return no % 51 == 9 ? RunState::kWarning : RunState::kCompleted;
}

void add_history(ChangeSet& out, RunNo no, Millis at) {
  std::int64_t seq = 0;
  const auto add = [&](const std::string& path, std::uint32_t attempt) -> HistoryRow& {
    HistoryRow row;
    row.run = no;
    row.seq = ++seq;
    row.at = at + seq;
    row.path = path;
    row.attempt = attempt;
    return out.history.emplace_back(std::move(row));
  };
  add("", 0).run_state = RunState::kRunning;
  for (const AttemptState state : {AttemptState::kDispatched, AttemptState::kStarted}) {
    add("load", 1).attempt_state = state;
  }
  const bool error = state_of(no) == RunState::kError;
  add("load", 1).attempt_state = error ? AttemptState::kFailed : AttemptState::kCompleted;
  add("load", 1).task_state = error ? TaskState::kError : TaskState::kCompleted;
  add("", 0).run_state = state_of(no);
}

void add_run(ChangeSet& out, RunNo no) {
  const Millis at = kFirst + no * 1000;
  RunRow run;
  run.no = no;
  std::array<std::uint8_t, 10> entropy{};
  for (std::size_t i = 0; i < sizeof(no); ++i) {
    entropy[i] = static_cast<std::uint8_t>(static_cast<std::uint64_t>(no) >> (8 * i));
  }
  run.id = RunId{make_uuid7(at, entropy)};
  run.flow_id = "flow-" + std::to_string(no % kFlows);
  run.ns = "bench";
  run.flow_hash = "hash";
  run.folder = "/bench";
  run.inputs = "{}";
  run.state = state_of(no);
  run.created_at = run.started_at = at;
  run.ended_at = at + 900;
  TaskRow task;
  task.run = no;
  task.path = "load";
  task.state = run.state == RunState::kError ? TaskState::kError : TaskState::kCompleted;
  task.attempt = 1;
  task.first_at = at;
  task.ended_at = at + 800;
  AttemptRow attempt;
  attempt.run = no;
  attempt.path = "load";
  attempt.attempt = 1;
  attempt.state = AttemptState::kCompleted;
  attempt.created_at = attempt.dispatched_at = attempt.started_at = at;
  attempt.ended_at = at + 800;
  if (run.state == RunState::kError) {
    TaskError error = make_task_error(TaskErrorCode::kExitNonzero, Phase::kRun, "exit code 1");
    error.owner = "bench";
    task.error = attempt.error = error;
    attempt.state = AttemptState::kFailed;
  }
  out.runs.push_back(std::move(run));
  out.tasks.push_back(std::move(task));
  out.attempts.push_back(std::move(attempt));
  add_history(out, no, at);
}

int fill(const std::string& folder, RunNo count) {
  auto store = open_sqlite_store(StateLayout(folder));
  if (!store.has_value()) {
    std::fprintf(stderr, "fill_runs: %s\n", store.error().message.c_str());
    return 1;
  }
  ChangeSet changes;
  changes.flows.push_back({"hash", "bench", "bench", "{}"});
  for (RunNo no = 1; no <= count; ++no) {
    add_run(changes, no);
    if (no % kBatch != 0 && no != count) continue;
    const Result<> saved = (*store)->commit(changes);
    if (!saved.has_value()) {
      std::fprintf(stderr, "fill_runs: run %lld: %s\n", static_cast<long long>(no),
                   saved.error().message.c_str());
      return 1;
    }
    changes.clear();
  }
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 3) {
    std::fputs("usage: fill_runs STATE COUNT\n", stderr);
    return 2;
  }
  return fill(argv[1], std::strtoll(argv[2], nullptr, 10));
}
