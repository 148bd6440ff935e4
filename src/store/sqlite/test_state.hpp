/// For the tests of this folder: a state in a temporary folder, rows, and children that may die.
#pragma once

#include <gtest/gtest.h>
#include <sqlite3.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <memory>
#include <string>
#include <utility>

#include "model/layout.hpp"
#include "ports/store.hpp"
#include "store/sqlite/sqlite_store.hpp"

namespace cordyna {

class TestState : public testing::Test {
 protected:
  TestState() {
    std::string name = (std::filesystem::temp_directory_path() / "dyna-sqlite-XXXXXX").string();
    if (::mkdtemp(name.data()) == nullptr) std::abort();
    parent_ = name;
  }
  ~TestState() override {
    store_.reset();
    std::filesystem::remove_all(parent_);
  }

  [[nodiscard]] StateLayout layout() const { return StateLayout(parent_ + "/state"); }
  [[nodiscard]] const std::string& parent() const { return parent_; }
  [[nodiscard]] std::string log() const { return layout().database() + "-wal"; }

  void open() {
    auto opened = open_sqlite_store(layout());
    ASSERT_TRUE(opened.has_value()) << opened.error().message;
    store_ = std::move(*opened);
  }
  void close() { store_.reset(); }
  [[nodiscard]] Store& store() { return *store_; }

  /// SQL over a connection of its own, past all rules of ours.
  void meddle(const std::string& sql) {
    sqlite3* handle = nullptr;
    ASSERT_EQ(sqlite3_open(layout().database().c_str(), &handle), SQLITE_OK);
    EXPECT_EQ(sqlite3_exec(handle, sql.c_str(), nullptr, nullptr, nullptr), SQLITE_OK)
        << sqlite3_errmsg(handle);
    sqlite3_close(handle);
  }

 private:
  std::string parent_;
  std::unique_ptr<Store> store_;
};

/// With all that a whole state has of a run.
[[nodiscard]] inline ChangeSet new_run(RunNo no) {
  RunRow run;
  run.no = no;
  run.id.value = "run-" + std::to_string(no);
  run.flow_hash = "h";
  HistoryRow begun;
  begun.run = no;
  begun.seq = 1;
  begun.run_state = run.state;
  ChangeSet changes;
  changes.flows.push_back({"h", "f", "", "{}"});
  changes.runs.push_back(run);
  changes.history.push_back(begun);
  return changes;
}

/// A commit of about `bytes`: one task with outputs of that size.
[[nodiscard]] inline ChangeSet big_task(RunNo run, const std::string& path, std::size_t bytes) {
  TaskRow task;
  task.run = run;
  task.path = path;
  task.outputs = std::string(bytes, 'x');
  ChangeSet changes;
  changes.tasks.push_back(task);
  return changes;
}

inline void must_commit(Store& store, const ChangeSet& changes) {
  const Result<> result = store.commit(changes);
  ASSERT_TRUE(result.has_value()) << result.error().message;
}

template <class T>
void expect_error(const Result<T>& result, ErrorCode code, const std::string& part) {
  ASSERT_FALSE(result.has_value());
  EXPECT_EQ(to_string(result.error().code), to_string(code)) << result.error().message;
  EXPECT_NE(result.error().message.find(part), std::string::npos) << result.error().message;
}

/// Runs `body` in a forked child, whose exit code it gives; the wait status comes back.
template <class Body>
int in_child(Body body) {
  const pid_t pid = ::fork();
  if (pid == 0) ::_exit(body());
  int status = 0;
  ::waitpid(pid, &status, 0);
  return status;
}

[[nodiscard]] inline std::string read_file(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

inline void write_file(const std::string& path, const std::string& content) {
  std::ofstream(path, std::ios::binary | std::ios::trunc) << content;
}

}  // namespace cordyna
