#include "store_contract.hpp"

#include <fmt/format.h>

#include <cstdlib>
#include <filesystem>
#include <utility>

#include "store/memory/memory_store.hpp"
#include "store/sqlite/sqlite_store.hpp"

namespace cordyna::contract {
namespace {

class MemoryWorld final : public StoreWorld {
 public:
  Store& store() override { return *store_; }
  void restart() override { store_ = store_->fork_owner(); }

 private:
  std::unique_ptr<MemoryStore> store_ = std::make_unique<MemoryStore>();
};

class SqliteWorld final : public StoreWorld {
 public:
  SqliteWorld() {
    std::string name = (std::filesystem::temp_directory_path() / "dyna-store-XXXXXX").string();
    if (::mkdtemp(name.data()) == nullptr) std::abort();
    parent_ = name;
    open();
  }
  ~SqliteWorld() override {
    store_.reset();
    std::filesystem::remove_all(parent_);
  }
  SqliteWorld(const SqliteWorld&) = delete;
  SqliteWorld& operator=(const SqliteWorld&) = delete;

  Store& store() override { return *store_; }
  void restart() override {
    store_.reset();
    open();
  }

 private:
  void open() {
    auto opened = open_sqlite_store(StateLayout(parent_ + "/state"));
    ASSERT_TRUE(opened.has_value()) << opened.error().message;
    store_ = std::move(*opened);
  }

  std::string parent_;
  std::unique_ptr<Store> store_;
};

}  // namespace

void StoreContract::must_commit(const ChangeSet& changes) {
  const Result<> result = store().commit(changes);
  ASSERT_TRUE(result.has_value()) << result.error().message;
}

void StoreContract::must_refuse(const ChangeSet& changes, ErrorCode code, const std::string& part) {
  const Result<> result = store().commit(changes);
  ASSERT_FALSE(result.has_value());
  EXPECT_EQ(result.error().code, code) << result.error().message;
  EXPECT_NE(result.error().message.find(part), std::string::npos) << result.error().message;
}

RunRow make_run(RunNo no) {
  RunRow run;
  run.no = no;
  run.id.value = fmt::format("0192f000-0000-7000-8000-{:012}", no);
  run.flow_id = "sales";
  run.ns = "team.data";
  run.flow_hash = "abc123";
  run.folder = "/flows/sales";
  run.inputs = R"({"day":"2026-11-21"})";
  run.created_at = 1000 + no;
  run.started_at = 2000 + no;
  run.deadline_at = 9000 + no;
  run.warnings = 3;
  run.state = RunState::kRunning;
  return run;
}

TaskRow make_task(RunNo run, const std::string& path) {
  TaskRow task;
  task.run = run;
  task.path = path;
  task.state = TaskState::kStarted;
  task.attempt = 2;
  task.warnings = 1;
  task.first_at = 1100;
  task.retry_at = 1300;
  return task;
}

AttemptRow make_attempt(RunNo run, const std::string& path, std::uint32_t attempt) {
  AttemptRow row;
  row.run = run;
  row.path = path;
  row.attempt = attempt;
  row.state = AttemptState::kStarted;
  row.created_at = 1100;
  row.dispatched_at = 1101;
  row.acknowledged_at = 1102;
  row.started_at = 1103;
  row.deadline_at = 1999;
  row.cancel_requested = true;
  row.known_dead = false;
  return row;
}

HistoryRow make_history(RunNo run, std::int64_t seq) {
  HistoryRow entry;
  entry.run = run;
  entry.seq = seq;
  entry.at = 1000 + seq;
  entry.path = "load";
  entry.attempt = 1;
  entry.attempt_state = AttemptState::kStarted;
  entry.detail = "detail " + std::to_string(seq);
  return entry;
}

TaskError make_error() {
  TaskError error = make_task_error(TaskErrorCode::kExitNonzero, Phase::kRun, "exit code 3");
  error.owner = "team-data";
  error.exit_code = 3;
  return error;
}

std::vector<StoreKind> store_kinds() {
  return {{"Memory", [] { return std::make_unique<MemoryWorld>(); }},
          {"Sqlite", [] { return std::make_unique<SqliteWorld>(); }}};
}

INSTANTIATE_TEST_SUITE_P(Stores, StoreContract, testing::ValuesIn(store_kinds()),
                         [](const auto& test) { return test.param.name; });

}  // namespace cordyna::contract
