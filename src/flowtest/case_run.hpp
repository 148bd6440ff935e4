/// One test of a flow: the flow is run by the real loop and the real templates, by a virtual clock
/// that jumps to what comes next, and its end is compared with what was expected.
///
/// Threads: one; what runs for real reports from others.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "cerebro/cerebro.hpp"
#include "flow/case_file.hpp"
#include "ports/evaluator.hpp"
#include "ports/executor.hpp"
#include "ports/store.hpp"

namespace cordyna::flowtest {

/// Where tasks of one test run for real: a state of its own, which goes with it.
class RealSide {
 public:
  virtual ~RealSide() = default;
  [[nodiscard]] virtual Store& store() = 0;
  /// Made at the first call.
  [[nodiscard]] virtual Executor& process(ReportSink sink) = 0;
  /// A file of JSON lines that is there as long as this. Errors: kUnavailable.
  [[nodiscard]] virtual Result<std::string> write_rows(const std::string& name,
                                                       const std::vector<std::string>& rows) = 0;
  /// The rows of a data step's table, as JSON objects. Errors: those of reading it.
  [[nodiscard]] virtual Result<std::vector<std::string>> read_rows(const std::string& data) = 0;
};

/// What a test needs; all must be set.
struct CasePorts {
  const Evaluator* evaluator = nullptr;
  FlowLoader loader;
  /// A store for a test that runs nothing for real.
  std::function<std::unique_ptr<Store>()> make_store;
  std::function<Result<std::unique_ptr<RealSide>>(const flow::FlowCase&)> open_real;
  /// Tasks whose tables are wanted, by path: they are in CaseEnd::tables.
  std::set<std::string> wanted_tables{};
  /// Somebody wants the whole to end.
  std::function<bool()> interrupted;
  /// How often the clock may jump: a condition that never holds must come to an end.
  int jumps_max = 100'000;
};

/// What a run has left.
struct CaseEnd {
  RunRow run;
  std::map<std::string, TaskRow> tasks;  ///< by path; one that is not there is pending
  std::map<std::string, std::vector<AttemptRow>> attempts;
  std::vector<HistoryRow> history;
  std::set<std::string> held;
  std::map<std::string, std::vector<std::string>> tables;  ///< rows as JSON objects, by path
};

/// Something that is not as expected, and where in the file of tests that stands.
struct Finding {
  flow::CasePlace place;
  std::string message;  ///< may have several lines
};

struct CaseResult {
  std::vector<Finding> findings;  ///< none: it has passed
  CaseEnd end;
  bool ran = false;
  bool interrupted = false;

  [[nodiscard]] bool passed() const { return ran && findings.empty(); }
};

[[nodiscard]] CaseResult run_case(const flow::CaseFile& file, const flow::FlowCase& test,
                                  const CasePorts& ports);

}  // namespace cordyna::flowtest
