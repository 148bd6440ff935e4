/// The rows of a statement on their way to outputs, to an artifact of JSON lines, or to a file that
/// becomes what `save_as` names.
///
/// Threads: one.
#pragma once

#include <cstdint>
#include <fstream>
#include <functional>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "pg/connection.hpp"
#include "process/data/step_result.hpp"

namespace cordyna::sql {

/// Of rows that are too large for outputs.
inline constexpr const char* kRowsFile = "rows.jsonl";

using Values = std::span<const std::optional<std::string_view>>;

class RowSink {
 public:
  /// `csv`: where rows go for `save_as`; empty: they become outputs. `artifacts`: a folder.
  RowSink(std::string artifacts, std::string csv)
      : artifacts_(std::move(artifacts)), csv_path_(std::move(csv)) {}
  ~RowSink();
  RowSink(const RowSink&) = delete;
  RowSink& operator=(const RowSink&) = delete;

  /// What stands in its stead where outputs, or the artifact of JSON lines, would show a secret.
  void hide_by(std::function<std::string(std::string)> hide) { hide_ = std::move(hide); }

  /// A statement that gives rows: those of one before are dropped. Errors: kOutputInvalid: a name
  /// stands there twice; kNoSpace.
  [[nodiscard]] data::StepResult<> begin(std::vector<PgColumn> columns);
  /// One value for each column, in the text form of PostgreSQL. Errors: as `json_of`, with the
  /// column and the row; kNoSpace.
  [[nodiscard]] data::StepResult<> add(Values values);
  /// The same where each value has a type of its own.
  [[nodiscard]] data::StepResult<> add(Values values, std::span<const std::uint32_t> types);
  /// That was all of them. Errors: kNoSpace.
  [[nodiscard]] data::StepResult<> end();
  /// Rows that somebody else wrote.
  void set_count(std::int64_t rows) { rows_ = rows; }
  /// What the columns' types turned out to be.
  void set_types(std::span<const std::uint32_t> types);
  /// How the types are called, for `columns` of the outputs.
  void name_types(std::vector<std::string> names) { type_names_ = std::move(names); }

  [[nodiscard]] bool has_rows() const { return begun_; }
  [[nodiscard]] std::int64_t rows() const { return rows_; }
  [[nodiscard]] const std::vector<PgColumn>& columns() const { return columns_; }
  [[nodiscard]] const std::vector<std::string>& type_names() const { return type_names_; }
  [[nodiscard]] std::size_t row_bytes_max() const { return row_bytes_max_; }
  /// Columns some of whose numbers were rounded.
  [[nodiscard]] std::vector<std::string> rounded() const;
  [[nodiscard]] bool in_file() const { return !file_path_.empty(); }
  [[nodiscard]] const std::string& file() const { return file_path_; }
  /// "[{…},{…}]", where they are in no file.
  [[nodiscard]] std::string json() const;

 private:
  data::StepResult<> add_json(Values values, std::span<const std::uint32_t> types);
  data::StepResult<> add_csv(Values values);
  data::StepResult<std::string> shown(std::size_t column, std::uint32_t type,
                                      std::string_view text);
  data::StepResult<> to_file();
  data::StepResult<> written();

  std::function<std::string(std::string)> hide_;
  std::string artifacts_;
  std::string csv_path_;
  std::vector<PgColumn> columns_;
  std::vector<std::uint32_t> types_;
  std::vector<std::string> names_;  ///< as JSON, with the colon
  std::vector<std::string> type_names_;
  std::set<std::size_t> rounded_;
  std::ofstream out_;
  std::string file_path_;
  std::string lines_;  ///< rows that may become outputs, each a line of JSON
  std::string line_;
  std::int64_t rows_ = 0;
  std::size_t row_bytes_max_ = 0;
  bool begun_ = false;
};

}  // namespace cordyna::sql
