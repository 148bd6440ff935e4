/// What `dyna test` prints: each test as it ends, what no test reached, and the sum.
///
/// Threads: one.
#pragma once

#include <cstddef>
#include <map>
#include <string>
#include <vector>

#include "cli/downstream.hpp"
#include "cli/flow_network.hpp"
#include "cli/output.hpp"
#include "cli/palette.hpp"
#include "flow/case_file.hpp"
#include "flowtest/case_run.hpp"
#include "flowtest/coverage.hpp"
#include "flowtest/junit.hpp"
#include "mesh/impact.hpp"

namespace cordyna::cli {

class CaseReport {
 public:
  /// Borrows the output.
  CaseReport(Output& output, bool json);

  /// The tests of a file begin, or it is wrong, and has none.
  void begin(const flow::CaseFile& file);
  void ended(const flow::CaseFile& file, const flow::FlowCase& test,
             const flowtest::CaseResult& result, Millis took);
  void list(const flow::CaseFile& file, const flow::FlowCase& test);
  /// Where data goes from flow to flow, and what of it was tried; what breaks there has failed.
  void borders(const FlowNetwork& network, const mesh::Impact& impact,
               const std::vector<Border>& borders);
  /// What of the flows no test reached.
  void coverage();
  void finish(bool interrupted);

  [[nodiscard]] std::size_t failed() const { return failed_; }
  [[nodiscard]] std::size_t wrong_files() const { return wrong_files_; }
  [[nodiscard]] const std::vector<flowtest::JunitSuite>& suites() const { return suites_; }

 private:
  void say_wrong(const flow::CaseFile& file);
  void print_json(const flow::CaseFile& file, const flow::FlowCase& test,
                  const flowtest::CaseResult& result, Millis took);
  [[nodiscard]] std::string coverage_json() const;

  Output& output_;
  bool json_;
  Palette palette_;
  std::size_t passed_ = 0;
  std::size_t failed_ = 0;
  std::size_t wrong_files_ = 0;
  std::vector<flowtest::JunitSuite> suites_;
  std::map<std::string, flowtest::Coverage> covered_;  // by the flow's file
  bool wants_coverage_ = false;
};

}  // namespace cordyna::cli
