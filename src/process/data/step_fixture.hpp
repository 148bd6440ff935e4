/// For the tests: a step in a folder of its own, run as `dyna data-step` runs it.
#pragma once

#include <gtest/gtest.h>

#include <boost/json.hpp>
#include <string>
#include <string_view>
#include <vector>

namespace cordyna::data {

/// $DYNA_DUCKDB, else libexec/cordyna/duckdb in a folder above this program, which it then puts
/// into $DYNA_DUCKDB. Empty: there is none; the tests that need it fail.
[[nodiscard]] std::string duckdb_for_tests();

using Lines = std::vector<std::string>;

/// Whether `part` stands in `text`; a failure shows both.
[[nodiscard]] testing::AssertionResult has(const std::string& text, std::string_view part);

class StepTest : public testing::Test {
 protected:
  void SetUp() override;
  void TearDown() override;

  /// A file in the flow's folder; gives its path.
  std::string file(std::string_view name, std::string_view content);
  [[nodiscard]] std::string content(const std::string& path) const;

  /// Runs a step of the type with these params (JSON). Its data becomes upstream under `id`.
  /// Standard output is `said_`, the report `report_`.
  int run(std::string_view type, std::string_view id, std::string_view params);
  /// Writes the step's description only; gives its path.
  std::string write_step(std::string_view type, std::string_view id, std::string_view params);

  /// Where the last step says that its data tells about persons.
  [[nodiscard]] std::string mark() const;

  /// A field of the report's outputs as JSON text; "" where it is not there.
  [[nodiscard]] std::string output(std::string_view name) const;
  /// As text, without quotes.
  [[nodiscard]] std::string output_text(std::string_view name) const;
  [[nodiscard]] std::string error_code() const;
  [[nodiscard]] std::string error_message() const;

  /// Rows of `sql` as JSON lines, by DuckDB itself; {id} in it becomes the path of that data.
  Lines rows(std::string sql) const;

  std::string root_;
  std::string flow_;  ///< the flow's folder
  std::string said_;
  boost::json::object report_;
  boost::json::object upstream_;
  boost::json::object guard_;  ///< "guard" of step.json; empty: none
  int steps_ = 0;
};

}  // namespace cordyna::data
