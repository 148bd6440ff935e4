/// Carries one data step out: everything that is not SQL.
///
/// Reads and writes files, runs DuckDB. Blocks until done. Threads: one.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "process/data/child.hpp"
#include "process/data/duckdb.hpp"
#include "process/data/report.hpp"
#include "process/data/step.hpp"

namespace cordyna::data {

/// Takes the lines that a person reads in the task's log.
using Say = std::function<void(std::string_view line)>;

/// A row of DuckDB's output: the fields we look at.
struct Fact {
  std::string kind;  ///< its "dyna"
  std::string name;
  std::string type;
  std::string text;  ///< sample, raw or text
  std::string severity;
  std::vector<std::string> reasons;
  std::int64_t n = 0;  ///< n or bad
  std::int64_t rule = -1;
  std::int64_t source = -1;
  std::int64_t line = 0;
  std::int64_t extra = 0;  ///< cast_bad, kept or invalid
  bool encoding = false;
};

/// Lines that are no such rows are left out.
[[nodiscard]] std::vector<Fact> parse_facts(const std::vector<std::string>& lines);

/// What the runners of the types share. The references are borrowed.
struct StepRun {
  const Step& step;
  Duckdb& duckdb;
  const EndSignals& signals;
  const Say& say;
  StepReport report = {};
  std::vector<std::string> inputs = {};  ///< links that scripts may read, or write for a share

  /// Links `path` as in/<at>.
  [[nodiscard]] StepResult<> link_input(std::size_t at, const std::string& path);
  /// Puts a file of the work folder in the place of in/<at>.
  [[nodiscard]] StepResult<> relink_input(std::size_t at, std::string_view file);
  /// Links the Parquet of the upstream task; it must be there.
  [[nodiscard]] StepResult<> link_upstream(std::size_t at, const Upstream& upstream);

  /// Runs a script; one that fails is an error of `code`, "<DuckDB's message>".
  [[nodiscard]] StepResult<std::vector<Fact>> query(const std::string& script,
                                                    TaskErrorCode code = TaskErrorCode::kSqlFailed);
  /// The same, but a failed script is only told.
  [[nodiscard]] StepResult<ScriptEnd> run(const std::string& script);

  /// work/out/<file> becomes artifacts/<id>.<kind>, durably; gives its path.
  [[nodiscard]] StepResult<std::string> keep(std::string_view file, const std::string& kind);
  /// The upstream task's data as it is becomes artifacts/<id>, durably; gives its path.
  [[nodiscard]] StepResult<std::string> keep_as_it_is(const Upstream& upstream);

  /// The upstream task's data, linked as in/0, with its columns, looked up if it did not report
  /// them. Errors: kInputInvalid: it left no data.
  [[nodiscard]] StepResult<Upstream> open_upstream(const std::string& id);
  /// Columns that upstream tasks did not report are looked up.
  [[nodiscard]] StepResult<> complete_columns(std::vector<Upstream>& sources);

  void warn(std::string message);
  /// Schema, null rates and rows out of the facts of output_facts_sql.
  void take_output_facts(const std::vector<Fact>& facts);
  /// The same, and the rows that were read ("loaded"), which it gives.
  std::int64_t take_rows(const std::vector<Fact>& facts);
  /// Marks columns of the result that tell about a person.
  void mark_pii(const std::function<bool(const std::string& name)>& is_pii);
};

[[nodiscard]] StepResult<const Upstream*> need_upstream(const Step& step, const std::string& id);
/// Which rule a failed script stopped at: each rule announces itself ("at"); -1: none.
[[nodiscard]] std::int64_t rule_at(const std::vector<Fact>& facts);
/// Texts of the "sample" facts of the rule or source `at`.
[[nodiscard]] std::vector<std::string> samples_of(const std::vector<Fact>& facts,
                                                  std::string_view kind, std::int64_t at);
/// What the rules found, told and reported; those that fail the step come back.
[[nodiscard]] std::vector<std::string> judge_rules(StepRun& run, const std::vector<Rule>& rules,
                                                   const std::vector<Fact>& facts,
                                                   std::int64_t rows);
/// Keeps quarantined and failed rows, if the facts say that there are some; how many are in
/// quarantine.
[[nodiscard]] StepResult<std::int64_t> keep_bad_rows(StepRun& run, const std::vector<Fact>& facts);

[[nodiscard]] StepResult<> run_load(StepRun& run, const LoadParams& load);
[[nodiscard]] StepResult<> run_check(StepRun& run, const CheckParams& check);
[[nodiscard]] StepResult<> run_standardize(StepRun& run, const StandardizeParams& standardize);
[[nodiscard]] StepResult<> run_secure(StepRun& run, const SecureParams& secure);
[[nodiscard]] StepResult<> run_merge(StepRun& run, const MergeParams& merge);
[[nodiscard]] StepResult<> run_transform(StepRun& run, const TransformParams& transform);
[[nodiscard]] StepResult<> run_guard(StepRun& run, const GuardParams& guard);
[[nodiscard]] StepResult<> run_share(StepRun& run, const ShareParams& share);

/// Measures in/0 and compares it with its history. False: a person must decide first. Errors:
/// kGuardTripped, kInputInvalid.
[[nodiscard]] StepResult<bool> stand_guard(StepRun& run, const Upstream& upstream,
                                           const GuardPolicy& policy);

/// The rows of a load's database.
struct FetchedRows {
  std::string path;                ///< of a Parquet file in the work folder
  std::vector<std::string> loose;  ///< numbers without bounds, which came as text
};
/// Errors: kSourceUnavailable, kAccessDenied, kSqlFailed, kSchemaChanged.
[[nodiscard]] StepResult<FetchedRows> fetch_database(StepRun& run, const LoadParams& load);

/// "21,613"
[[nodiscard]] std::string grouped(std::int64_t n);
/// "price.min: 2 of 21,613 rows (0.01 %), as {…}"
[[nodiscard]] std::string rule_finding(const Rule& rule, std::int64_t bad, std::int64_t rows,
                                       const std::vector<std::string>& samples);
/// Whether so many bad rows are more than the rule lets pass.
[[nodiscard]] bool exceeds(const Rule& rule, std::int64_t bad, std::int64_t rows);

}  // namespace cordyna::data
