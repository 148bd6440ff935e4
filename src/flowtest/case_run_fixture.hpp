/// Runs tests that are written as YAML, with nothing real.
#pragma once

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "flow/case_file.hpp"
#include "flowtest/case_run.hpp"
#include "store/memory/memory_store.hpp"
#include "template/template.hpp"

namespace cordyna::flowtest {

class CaseRunFixture : public testing::Test {
 protected:
  void SetUp() override {
    folder_ =
        std::filesystem::path(testing::TempDir()) / ("case_run_" + std::to_string(::getpid()));
    std::filesystem::create_directories(folder_);
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }

  flow::CaseFile read(const std::string& flow, const std::string& tests) {
    std::ofstream(folder_ / "flow.yaml") << flow;
    std::ofstream(folder_ / "flow.test.yaml") << tests;
    auto file = flow::read_case_file((folder_ / "flow.test.yaml").string());
    EXPECT_TRUE(file.has_value());
    for (const flow::Diagnostic& one : file->diagnostics) ADD_FAILURE() << flow::format(one);
    return std::move(*file);
  }

  [[nodiscard]] CasePorts ports() const {
    CasePorts ports;
    ports.evaluator = &evaluator_;
    ports.loader = flow::from_canonical;
    ports.make_store = [] { return std::make_unique<MemoryStore>(); };
    ports.open_real = [](const flow::FlowCase&) -> Result<std::unique_ptr<RealSide>> {
      return fail(ErrorCode::kUnavailable, "nothing is real here");
    };
    ports.interrupted = [] { return false; };
    ports.jumps_max = 1000;
    return ports;
  }

  /// Runs the only test, which is `body` behind its id.
  CaseResult run(const std::string& flow, const std::string& body) {
    std::string tests = "tests:\n  - id: it\n";
    for (std::size_t at = 0; at < body.size();) {
      const std::size_t end = body.find('\n', at);
      tests += "    " + body.substr(at, end - at) + "\n";
      if (end == std::string::npos) break;
      at = end + 1;
    }
    file_ = read(flow, tests);
    if (file_.cases.empty()) return {};
    return run_case(file_, file_.cases.front(), ports());
  }

  static std::vector<std::string> messages(const CaseResult& result) {
    std::vector<std::string> out;
    out.reserve(result.findings.size());
    for (const Finding& found : result.findings) {
      out.push_back(std::to_string(found.place.line) + ": " + found.message);
    }
    return out;
  }

  tmpl::TemplateEvaluator evaluator_;
  std::filesystem::path folder_;
  flow::CaseFile file_;
};

}  // namespace cordyna::flowtest
