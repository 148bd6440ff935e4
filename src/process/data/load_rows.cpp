#include "process/data/load_rows.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "process/data/labels.hpp"
#include "process/data/sql_text.hpp"

namespace cordyna::data {
namespace {

/// DuckDB would take 16 lines of the largest size, more than the whole memory of a small step.
constexpr std::uint64_t kBufferBytes = 2 * kLineBytesMax;

std::string csv_style(const LoadParams& load, const LoadSource& source) {
  const std::string quote = quote_text(load.quote);
  return fmt::format(
      "delim={}, quote={}, escape={}, nullstr={}, store_rejects=true, "
      "rejects_limit=0{}",
      quote_text(source.delimiter), quote, quote,
      text_list(load.nulls.empty() ? std::vector<std::string>{"\x01"} : load.nulls),
      shared_options(load));
}

std::size_t place_of(const LoadSource& source, std::string_view name) {
  const auto found = std::ranges::find(source.columns, name, &SourceColumn::name);
  return static_cast<std::size_t>(found - source.columns.begin());
}

std::string with_nulls(const LoadParams& load, const std::string& value) {
  if (load.nulls.empty()) return value;
  std::string list;
  for (const std::string& text : load.nulls) {
    list += (list.empty() ? "" : ", ") + quote_text(text);
  }
  return fmt::format("CASE WHEN {0} NOT IN ({1}) THEN {0} END", value, list);
}

bool can_fail(const ColumnSource& column) {
  return !column.source.empty() && column.type.name != TypeName::kString;
}

/// A condition: each text is a value of its column's type.
std::string all_values(const LoadSource& source) {
  std::string out;
  for (std::size_t i = 0; i < source.map.size(); ++i) {
    if (!can_fail(source.map[i])) continue;
    out += fmt::format("{}(r{} IS NULL OR t{} IS NOT NULL)", out.empty() ? "" : " AND ", i, i);
  }
  return out.empty() ? "true" : out;
}

/// The list of columns (places in the map) whose text is not a value of their type.
std::string cast_labels(const LoadSource& source) {
  std::string out;
  for (std::size_t i = 0; i < source.map.size(); ++i) {
    if (!can_fail(source.map[i])) continue;
    out += fmt::format("{}\n      CASE WHEN r{} IS NOT NULL AND t{} IS NULL THEN {} END",
                       out.empty() ? "" : ",", i, i, i);
  }
  if (out.empty()) return "[]::INTEGER[]";
  return fmt::format(
      "CASE WHEN {} THEN []::INTEGER[] ELSE\n    list_filter([{}\n    ]::INTEGER[], lambda v: v IS "
      "NOT NULL) END",
      all_values(source), out);
}

/// The labels of a row with values that are not of their types: no rule can judge it.
std::string type_label_list(const LoadParams& load) {
  if (!quarantines_types(load)) return "[]::INTEGER[]";
  std::string labels;
  for (const std::optional<std::size_t>& label : type_labels(*load.contract)) {
    labels += labels.empty() ? "" : ", ";
    labels += label.has_value() ? std::to_string(*label) : "NULL";
  }
  return fmt::format(
      "list_transform(list_filter(__dyna_cast, lambda c: c >= 0), lambda c: [{}][c + 1])", labels);
}

/// The values that did not convert, as they were, by the names of their columns.
std::string raw_map(const LoadSource& source) {
  std::vector<std::string> names;
  std::string raws;
  for (std::size_t i = 0; i < source.map.size(); ++i) {
    names.push_back(source.map[i].name);
    raws += fmt::format("{}r{}::VARCHAR", i == 0 ? "" : ", ", i);
  }
  return fmt::format(
      "CASE WHEN len(__dyna_cast) > 0 THEN map_from_entries(list_transform(\n"
      "    list_filter(__dyna_cast, lambda c: c >= 0),\n"
      "    lambda c: {{'k': {}[c + 1], 'v': [{}][c + 1]}})) END",
      text_list(names), raws);
}

/// FROM of the innermost select: raw values by place.
std::string source_rows(const LoadParams& load, const LoadSource& source) {
  switch (load.format) {
    case FileFormat::kCsv: return read_csv_text(load, source);
    case FileFormat::kParquet: return "read_parquet('in/0')";
    case FileFormat::kJson: break;
  }
  std::string paths;
  for (const SourceColumn& column : source.columns) {
    paths += (paths.empty() ? "" : ", ") + quote_text(json_path(column.name));
  }
  return fmt::format(
      "(SELECT __dyna_line, l AS __dyna_text, ok AS __dyna_ok,\n"
      "        CASE WHEN ok THEN json_extract_string(l, [{}]) END AS v FROM (\n"
      "      SELECT __dyna_line, l, CASE WHEN json_valid(l) THEN json_type(l) = 'OBJECT' ELSE "
      "false "
      "END AS ok\n"
      "      FROM (SELECT row_number() OVER () AS __dyna_line, l FROM {}) WHERE l IS NOT NULL))",
      paths, read_lines(load, false));
}

/// The value of `raw` in the column's type, NULL where it has none.
std::string typed_value(const std::string& raw, const ColumnSource& column) {
  if (column.source.empty()) return fmt::format("NULL::{}", sql_type(column.type));
  if (!column.source_type.empty() && same_kind(column.source_type, column.type)) {
    const std::string cast = fmt::format("try_cast({} AS {})", raw, sql_type(column.type));
    if (column.type.name == TypeName::kString) return cast;
    // A cast of a decimal may round: only what stays equal is a value.
    return fmt::format("CASE WHEN {0} = {1} THEN {0} END", cast, raw);
  }
  if (column.type.name == TypeName::kString) return raw;
  if (!column.to_bool.empty()) {
    std::string cases;
    for (const auto& [text, value] : column.to_bool) {
      cases += fmt::format(" WHEN {} THEN {}", quote_text(text), value);
    }
    return fmt::format("CASE trim({}){} END", raw, cases);
  }
  const std::string strict = strict_cast(fmt::format("trim({})", raw), column.type, column.format);
  if (column.type.name != TypeName::kInt32 && column.type.name != TypeName::kInt64) {
    // Most texts have no spaces around them, and to trim each takes time.
    return fmt::format("coalesce({}, {})", strict_cast(raw, column.type, column.format), strict);
  }
  // Nearly all whole numbers are written as DuckDB would write them, and that is quickly seen.
  const std::string cast = fmt::format("try_cast({} AS {})", raw, sql_type(column.type));
  return fmt::format("CASE WHEN {0}::VARCHAR = {1} THEN {0} ELSE {2} END", cast, raw, strict);
}

/// The columns of the source by place: as they stand there (r0), typed (t0), by name.
struct ColumnLists {
  std::string raws;
  std::string typed;
  std::string named;
};

ColumnLists column_lists(const LoadParams& load, const LoadSource& source) {
  ColumnLists out;
  for (std::size_t i = 0; i < source.map.size(); ++i) {
    const ColumnSource& column = source.map[i];
    const std::string_view comma = i == 0 ? "" : ",\n      ";
    out.raws += fmt::format("{}{} AS r{}", comma, raw_value(load, source, column), i);
    out.typed += fmt::format("{}{} AS t{}", comma, typed_value(fmt::format("r{}", i), column), i);
    out.named += fmt::format("{}t{} AS {}", i == 0 ? "" : ", ", i, quote_name(column.name));
  }
  return out;
}

/// FROM of what looks at both the values and what they were.
std::string typed_rows(const LoadParams& load, const LoadSource& source, const ColumnLists& lists,
                       std::string_view extra) {
  return fmt::format(
      "(SELECT *,\n      {}\n"
      "    FROM (SELECT {}{}\n"
      "      FROM {}))",
      lists.typed, lists.raws, extra, source_rows(load, source));
}

}  // namespace

std::string shared_options(const LoadParams& load) {
  std::string out = fmt::format(", compression={}", quote_text(load.compression));
  if (!load.encoding.empty()) out += fmt::format(", encoding={}", quote_text(load.encoding));
  return out;
}

std::string read_lines(const LoadParams& load, bool encoding_broken) {
  // Every byte is a character of Latin-1, so that no line is dropped and the numbers stay right.
  const std::string encoding =
      encoding_broken && load.encoding.empty() ? ", encoding='latin-1'" : "";
  return fmt::format(
      "read_csv('in/0', header=false, auto_detect=false, delim={}, quote='', escape='', "
      "columns={{'l': 'VARCHAR'}}, max_line_size={}, buffer_size={}{}{})",
      kNoDelimiter, kLineBytesMax, kBufferBytes, shared_options(load), encoding);
}

std::string read_csv_text(const LoadParams& load, const LoadSource& source) {
  std::string columns;
  for (std::size_t i = 0; i < source.columns.size(); ++i) {
    columns += fmt::format("{}'c{}': 'VARCHAR'", i == 0 ? "" : ", ", i);
  }
  return fmt::format("read_csv('in/0', header={}, auto_detect=false, columns={{{}}}, {})",
                     load.header, columns, csv_style(load, source));
}

std::string json_path(std::string_view key) {
  std::string out = "$.\"";
  for (const char c : key) {
    if (c == '"' || c == '\\') out += '\\';
    out += c;
  }
  return out + "\"";
}

std::string raw_value(const LoadParams& load, const LoadSource& source,
                      const ColumnSource& column) {
  if (column.source.empty()) return "NULL::VARCHAR";
  switch (load.format) {
    case FileFormat::kCsv: return fmt::format("c{}", place_of(source, column.source));
    case FileFormat::kJson: {
      const std::size_t at = place_of(source, column.source);
      return with_nulls(load, fmt::format("v[{}]", at + 1));
    }
    case FileFormat::kParquet: {
      const std::string name = quote_name(column.source);
      return same_kind(column.source_type, column.type) ? name : name + "::VARCHAR";
    }
  }
  return {};
}

bool quarantines_types(const LoadParams& load) {
  return load.contract->drift.type == Drift::kQuarantine;
}

std::string is_rejected(const LoadParams& load) {
  return quarantines_types(load) ? "list_contains(__dyna_cast, -1)" : "len(__dyna_cast) > 0";
}

std::string typed_table(const LoadParams& load, const LoadSource& source) {
  const bool json = load.format == FileFormat::kJson;
  const std::string_view extra = json ? ", __dyna_line, __dyna_text, __dyna_ok" : "";
  const ColumnLists lists = column_lists(load, source);
  std::string labels = cast_labels(source);
  if (json) labels = fmt::format("CASE WHEN NOT __dyna_ok THEN [-1] ELSE {} END", labels);
  const std::string_view all =
      json ? "* REPLACE (CASE WHEN len(__dyna_cast) > 0 THEN __dyna_text END AS __dyna_text)" : "*";
  const std::string values = typed_rows(load, source, lists, extra);
  std::string inner =
      fmt::format("SELECT {}, {} AS __dyna_cast{}\n  FROM {}", lists.named, labels, extra, values);
  if (quarantines_types(load)) {
    // The list of columns is wanted twice: once more around it.
    inner = fmt::format(
        "SELECT {}, __dyna_cast{}, {} AS __dyna_raw\n"
        "  FROM (SELECT *, {} AS __dyna_cast\n"
        "  FROM {})",
        lists.named, extra, raw_map(source), labels, values);
  }
  return fmt::format(
      "CREATE TABLE loaded AS\n"
      "SELECT {}, CASE WHEN len(__dyna_cast) = 0 THEN {} ELSE {} END AS __dyna_bad\n"
      "FROM ({});\n",
      all, label_expression(load.contract->rules), type_label_list(load), inner);
}

std::string clean_rows(const LoadParams& load, const LoadSource& source) {
  const ColumnLists lists = column_lists(load, source);
  // In the list of columns and not in a WHERE, which DuckDB would push down and so convert twice.
  return fmt::format(
      "SELECT * EXCLUDE (__dyna_ok) REPLACE (\n"
      "  CASE WHEN __dyna_ok AND {0} THEN {1} ELSE error('a row is not clean') END AS {1})\n"
      "FROM (SELECT {2}, {3} AS __dyna_ok\n"
      "  FROM {4})",
      label_holds(load.contract->rules), quote_name(source.map.front().name), lists.named,
      all_values(source), typed_rows(load, source, lists, ""));
}

}  // namespace cordyna::data
