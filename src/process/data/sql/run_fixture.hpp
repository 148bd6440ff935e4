/// For tests: a task's statements, run in this process, in a folder of their own.
#pragma once

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <utility>
#include <vector>

#include "process/data/sql/runs.hpp"

namespace cordyna::sql {

class SqlRunTest : public testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = testing::TempDir() + "sql-XXXXXX";
    ASSERT_NE(mkdtemp(pattern.data()), nullptr);
    root_ = pattern;
    for (const char* name : {"/artifacts", "/work/tmp"}) {
      std::filesystem::create_directories(root_ + name);
    }
    task_.folder = root_;
    task_.artifacts = root_ + "/artifacts";
    task_.work = root_ + "/work";
    task_.name = "db";
    task_.limits.memory_bytes = std::uint64_t{128} << 20;
  }
  void TearDown() override { std::filesystem::remove_all(root_); }

  struct Done {
    std::string error;  ///< "CODE: message"; empty: none
    std::string rows;
    std::int64_t count = 0;
    std::int64_t affected = 0;
    std::vector<std::string> types;
    std::string file;
    std::string said;
  };

  /// `texts`: statements; `values`: of the first.
  Done run(data::StepResult<> (*runner)(SqlRun&), const std::vector<std::string>& texts,
           std::vector<std::string> values = {}) {
    std::vector<tmpl::SqlStatement> statements;
    statements.reserve(texts.size());
    for (const std::string& text : texts) {
      statements.push_back({text, statements.size() + 1, {}});
    }
    if (!values.empty()) statements[0].values = std::move(values);
    const std::string password;
    const data::EndSignals signals;
    RowSink sink(task_.artifacts, "");
    Done done;
    SqlRun run{task_,    statements,
               password, signals,
               sink,     [&done](std::string_view line) { done.said += std::string(line) + "\n"; }};
    const auto ended = runner(run);
    if (!ended.has_value()) {
      done.error = std::string(info(ended.error().code).name) + ": " + ended.error().message;
      return done;
    }
    done.affected = run.affected;
    if (!sink.has_rows()) return done;
    done.count = sink.rows();
    done.types = sink.type_names();
    done.file = sink.file();
    if (!sink.in_file()) done.rows = sink.json();
    return done;
  }

  [[nodiscard]] std::string content(const std::string& path) const {
    std::ifstream file(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
  }

  std::string root_;
  SqlTask task_;
};

}  // namespace cordyna::sql
