#include "process/data/sql/row_sink.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <boost/json.hpp>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <system_error>
#include <utility>

#include "ports/launch.hpp"
#include "process/data/sql/row_json.hpp"

namespace cordyna::sql {
namespace {

namespace json = boost::json;

using data::step_fail;
using data::StepResult;

// Beside the rows, outputs have columns and counts.
constexpr std::size_t kOutputRowsBytesMax = kOutputsBytesMax - (std::size_t{64} << 10);

/// "name":
std::string key_of(const std::string& name) {
  return json::serialize(json::value(name)) + ":";
}

void remove_file(const std::string& path) {
  std::error_code ignored;
  if (!path.empty()) std::filesystem::remove(path, ignored);
}

}  // namespace

RowSink::~RowSink() = default;

StepResult<> RowSink::begin(std::vector<PgColumn> columns) {
  if (out_.is_open()) out_.close();
  remove_file(file_path_);
  file_path_.clear();
  lines_.clear();
  names_.clear();
  type_names_.clear();
  rounded_.clear();
  rows_ = 0;
  row_bytes_max_ = 0;
  columns_ = std::move(columns);
  begun_ = true;
  std::set<std::string_view> seen;
  types_.clear();
  for (const PgColumn& column : columns_) {
    types_.push_back(column.type);
    names_.push_back(key_of(column.name));
    if (seen.insert(column.name).second) continue;
    return step_fail(TaskErrorCode::kOutputInvalid,
                     fmt::format("the column '{}' is there twice; give one of them another name "
                                 "with AS",
                                 column.name),
                     Phase::kResult);
  }
  if (csv_path_.empty()) return {};
  file_path_ = csv_path_;
  out_.open(csv_path_, std::ios::binary | std::ios::trunc);
  return written();
}

StepResult<> RowSink::add(Values values) {
  return add(values, types_);
}

StepResult<> RowSink::add(Values values, std::span<const std::uint32_t> types) {
  ++rows_;
  return csv_path_.empty() ? add_json(values, types) : add_csv(values);
}

void RowSink::set_types(std::span<const std::uint32_t> types) {
  types_.assign(types.begin(), types.end());
  for (std::size_t i = 0; i < columns_.size(); ++i) columns_[i].type = types_[i];
}

StepResult<> RowSink::add_json(Values values, std::span<const std::uint32_t> types) {
  line_ = "{";
  for (std::size_t i = 0; i < values.size(); ++i) {
    if (i > 0) line_ += ',';
    line_ += names_[i];
    if (!values[i].has_value()) {
      line_ += "null";
      continue;
    }
    STEP_TRY_ASSIGN(const std::string value, shown(i, types[i], *values[i]));
    line_ += value;
  }
  line_ += '}';
  if (file_path_.empty() && lines_.size() + line_.size() > kOutputRowsBytesMax) STEP_TRY(to_file());
  if (!file_path_.empty()) {
    out_ << line_ << '\n';
    return written();
  }
  if (!lines_.empty()) lines_ += '\n';
  lines_ += line_;
  return {};
}

StepResult<std::string> RowSink::shown(std::size_t column, std::uint32_t type,
                                       std::string_view text) {
  if (hide_) {
    std::string hidden = hide_(std::string(text));
    if (hidden != text) return json::serialize(json::value(hidden));
  }
  bool rounded = false;
  StepResult<std::string> value = json_of(type, text, rounded);
  if (rounded) rounded_.insert(column);
  if (!value.has_value()) {
    value.error().message =
        fmt::format("column '{}', row {}: {}", columns_[column].name, rows_, value.error().message);
  }
  return value;
}

/// Rows so far go to the artifact, a line each.
StepResult<> RowSink::to_file() {
  file_path_ = artifacts_ + "/" + kRowsFile;
  out_.open(file_path_, std::ios::binary | std::ios::trunc);
  STEP_TRY(written());
  if (!lines_.empty()) out_ << lines_ << '\n';
  lines_.clear();
  return written();
}

std::string RowSink::json() const {
  std::string rows = lines_;
  std::ranges::replace(rows, '\n', ',');  // within a line there is none
  return "[" + rows + "]";
}

/// Every value quoted, none (NULL) is empty: as COPY … (FORMAT csv, FORCE_QUOTE *) writes it.
StepResult<> RowSink::add_csv(Values values) {
  line_.clear();
  for (std::size_t i = 0; i < values.size(); ++i) {
    if (i > 0) line_ += ',';
    if (!values[i].has_value()) continue;
    line_ += '"';
    for (const char c : *values[i]) {
      if (c == '"') line_ += '"';
      line_ += c;
    }
    line_ += '"';
  }
  line_ += '\n';
  row_bytes_max_ = std::max(row_bytes_max_, line_.size());
  out_ << line_;
  return written();
}

StepResult<> RowSink::end() {
  if (!out_.is_open()) return {};
  out_.close();
  return written();
}

StepResult<> RowSink::written() {
  if (out_) return {};
  const bool full = errno == ENOSPC || errno == EDQUOT;
  return step_fail(full ? TaskErrorCode::kNoSpace : TaskErrorCode::kInternal,
                   fmt::format("cannot write {}: {}", file_path_, std::strerror(errno)),
                   Phase::kInfra);
}

std::vector<std::string> RowSink::rounded() const {
  std::vector<std::string> found;
  found.reserve(rounded_.size());
  for (const std::size_t at : rounded_) found.push_back(columns_[at].name);
  return found;
}

}  // namespace cordyna::sql
