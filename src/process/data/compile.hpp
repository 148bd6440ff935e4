/// Data steps as SQL for DuckDB: text in, text out.
///
/// Paths in the SQL are relative to the step's work folder: "in/0" and up are links to what is
/// read, "out/…" is what is written. So no path of a user becomes SQL, and a "*" in a folder's name
/// is no pattern. Results come back as JSON lines whose key "dyna" says what they are.
/// Names that begin with "__dyna" are ours.
/// Pure. Threads: any.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "process/data/contract.hpp"
#include "process/data/step.hpp"

namespace cordyna::data {

inline constexpr std::string_view kOutData = "out/data.parquet";
inline constexpr std::string_view kOutQuarantine = "out/quarantine.parquet";
inline constexpr std::string_view kOutFailed = "out/failed.parquet";
inline constexpr std::string_view kOutConflicts = "out/conflicts.parquet";
inline constexpr std::string_view kOutRejects = "out/rejects.parquet";
inline constexpr std::string_view kOutPlain = "out/plain.csv";
/// The places of rows that a check sets aside.
inline constexpr std::string_view kOutSetAside = "out/set_aside.parquet";
inline constexpr std::string_view kOutMarked = "out/marked.csv";

/// "in/0"
[[nodiscard]] std::string input_path(std::size_t at);

/// What every script begins with: limits, then the sandbox, which nothing after it can open again.
[[nodiscard]] std::string sandbox_sql(const Limits& limits, const std::vector<std::string>& paths);
/// The limits alone; `temp_folder`: where is spilled.
[[nodiscard]] std::string limits_sql(const Limits& limits, std::string_view temp_folder);

/// What a load learns of its file before the SQL that reads it is written.
struct LoadSource {
  std::vector<SourceColumn> columns;  ///< in the file's order
  std::vector<ColumnSource> map;      ///< with a contract
  std::vector<RefSource> refs;        ///< with a contract; upstream number n is in/<n+1>
  std::string delimiter = ",";
  std::size_t header_lines = 1;
  std::size_t mark_bytes = 0;       ///< of a byte order mark
  std::uint64_t lines_invalid = 0;  ///< of JSON lines: not JSON objects
  bool encoding_broken = false;     ///< for compile_rejects: there are lines that are not UTF-8
};

/// The source as its contract has it: for showing SQL without a file.
[[nodiscard]] LoadSource expected_source(const LoadParams& load);

/// A first look: the front of a compressed CSV ("front"), the keys of JSON lines and how many lines
/// are no objects ("key", "invalid", "invalid_sample"), the columns of a Parquet file ("column").
[[nodiscard]] std::string compile_look(const LoadParams& load);
/// How many lines of a compressed or encoded CSV may end with a value too many ("long").
[[nodiscard]] std::string compile_long_look(const LoadParams& load, const LoadSource& source);
/// Writes the lines of such a file as they are, in UTF-8, to kOutPlain.
[[nodiscard]] std::string compile_unpack(const LoadParams& load);
[[nodiscard]] std::string compile_load(const LoadParams& load, const LoadSource& source);
/// For a load with a contract: the same in one pass, with no table in between. It fails where a row
/// is not clean: has a value of the wrong type, or breaks a rule. Keys that are there twice are
/// told
/// ("unique"), but no row is set aside for them.
[[nodiscard]] bool has_clean_load(const LoadParams& load, const LoadSource& source);
[[nodiscard]] std::string compile_clean_load(const LoadParams& load, const LoadSource& source);
/// Writes kOutRejects from what compile_load left, with line numbers, and gives the first three.
[[nodiscard]] std::string compile_rejects(const LoadParams& load, const LoadSource& source);

/// Judges every row. Where none is set aside, the result is the input as it is; else
/// compile_check_rest writes it. `rows`: of the input.
[[nodiscard]] std::string compile_check(const CheckParams& check,
                                        const std::vector<SourceColumn>& columns);
[[nodiscard]] std::string compile_check_rest(const std::vector<SourceColumn>& columns,
                                             std::int64_t rows);
/// Whether a rule could set a row aside.
[[nodiscard]] bool sets_rows_aside(const CheckParams& check);
/// Which rule breaks while it runs: one "at" line before each.
[[nodiscard]] std::string compile_rule_probe(const CheckParams& check);

/// A column of the result of a standardize.
struct OutColumn {
  std::string name;
  std::string source;  ///< column of the input; empty: new
  int set = -1;        ///< place in `set` of its expression; -1: as it was
  bool pii = false;
};
[[nodiscard]] std::vector<OutColumn> standardized_columns(const StandardizeParams& params,
                                                          const std::vector<SourceColumn>& columns);
/// "cast:price": a value was there, and the expression gave none.
[[nodiscard]] std::vector<Rule> lost_rules(const StandardizeParams& params,
                                           const std::vector<SourceColumn>& columns);
/// Errors: kInputInvalid: a column that is not there, or would be there twice.
[[nodiscard]] StepResult<std::string> compile_standardize(const StandardizeParams& params,
                                                          const std::vector<SourceColumn>& columns);

/// Variables of the script: these with the place of the key in `SecureParams::keys`.
inline constexpr std::string_view kInnerPad = "dyna_inner_";
inline constexpr std::string_view kOuterPad = "dyna_outer_";
/// Errors: kInputInvalid: a column that is not there, or cannot be rounded so.
[[nodiscard]] StepResult<std::string> compile_secure(const SecureParams& params,
                                                     const std::vector<SourceColumn>& columns);

/// Errors: kMergeFailed: key columns are missing, or columns have types that cannot be joined.
[[nodiscard]] StepResult<std::string> compile_merge(const MergeParams& merge,
                                                    const std::vector<Upstream>& upstream);

/// `huge`: columns of its result that are 128-bit integers. Parquet has none, DuckDB would write
/// them as rounded doubles; they become BIGINT, or the step fails where they do not fit.
[[nodiscard]] std::string compile_transform(const TransformParams& transform,
                                            const std::vector<Upstream>& upstream,
                                            const std::vector<std::string>& huge);
/// The columns of the result, as "column" lines.
[[nodiscard]] std::string compile_transform_look(const TransformParams& transform,
                                                 const std::vector<Upstream>& upstream);

/// Rows of in/0 ("out"), and what else is watched ("metric"). `all_nulls`: also the missing values
/// of each column that is not nested ("nulls"), without reading the data.
[[nodiscard]] std::string compile_metrics(const std::vector<guard::Watch>& watch, bool all_nulls);

/// Conversions of the input, which has these columns, to each target that is not Parquet:
/// "out/<n>". "formula" lines, where CSV is among them and `formulas` does not keep them.
[[nodiscard]] std::string compile_share(const ShareParams& share,
                                        const std::vector<SourceColumn>& columns);

/// The columns of "in/0" and up: "column" lines with "source".
[[nodiscard]] std::string compile_describe(std::size_t inputs);

/// The main script of the step, for people: what `dyna show FLOW TASK --sql` prints.
[[nodiscard]] StepResult<std::string> compile_sql(const Step& step);

/// Columns, null counts and number of rows of kOutData.
[[nodiscard]] std::string output_facts_sql();

}  // namespace cordyna::data
