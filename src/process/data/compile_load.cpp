/// The SQL of loads: compile.hpp's compile_look, compile_load and their like.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "process/data/compile.hpp"
#include "process/data/labels.hpp"
#include "process/data/load_rows.hpp"
#include "process/data/sql_text.hpp"

namespace cordyna::data {
namespace {

constexpr std::string_view kOutValid = "out/valid.jsonl";
/// Where all rows that were read are in the output.
constexpr std::string_view kLoadedWhole =
    "CREATE VIEW loaded AS FROM read_parquet('out/data.parquet');\n"
    "SELECT 'loaded' AS dyna, count(*) AS n, 0 AS cast_bad FROM loaded;\n";
constexpr std::string_view kTyped = " WHERE len(__dyna_cast) = 0";

std::string ref_views(const LoadSource& source) {
  std::string out;
  for (std::size_t i = 0; i < source.refs.size(); ++i) {
    // Without its NULLs: beside one, IN is never false.
    out +=
        fmt::format("CREATE VIEW {} AS SELECT {} AS v FROM read_parquet({}) WHERE v IS NOT NULL;\n",
                    ref_view(i), quote_name(source.refs[i].column),
                    quote_text(input_path(source.refs[i].upstream + 1)));
  }
  return out;
}

/// `typed`: a WHERE for the rows of `loaded` whose values are all of their types.
std::string unique_sql(const Contract& contract, std::string_view typed) {
  std::string out;
  for (std::size_t i = 0; i < contract.unique.size(); ++i) {
    out += fmt::format(
        "CREATE TEMP TABLE __dyna_twice_{0} AS SELECT {1}, count(*) AS times FROM loaded\n"
        " {2} GROUP BY {1} HAVING count(*) > 1;\n"
        "SELECT 'unique' AS dyna, {0} AS rule, coalesce(sum(times - 1), 0)::BIGINT AS bad\n"
        "  FROM __dyna_twice_{0};\n"
        "SELECT 'unique_sample' AS dyna, {0} AS rule, to_json(t)::VARCHAR AS sample\n"
        "  FROM (FROM __dyna_twice_{0} ORDER BY ALL LIMIT 3) AS t;\n",
        i, quote_names(contract.unique[i].columns), typed);
  }
  return out;
}

/// Labels rows whose key is there twice, where that sets them aside.
std::string unique_labels(const Contract& contract) {
  std::string out;
  for (std::size_t i = 0; i < contract.unique.size(); ++i) {
    const std::optional<std::size_t> label = unique_label(contract, i);
    if (!label.has_value()) continue;
    std::string same;
    for (const std::string& column : contract.unique[i].columns) {
      same += fmt::format(" AND loaded.{0} IS NOT DISTINCT FROM t.{0}", quote_name(column));
    }
    out += fmt::format(
        "UPDATE loaded SET __dyna_bad = list_append(__dyna_bad, {})\n"
        "  FROM __dyna_twice_{} AS t{}{};\n",
        *label, i, kTyped, same);
  }
  return out;
}

/// How old the latest value is, in seconds; none: there is no value.
std::string fresh_sql(const Contract& contract, std::string_view typed) {
  if (contract.fresh_column.empty()) return {};
  return fmt::format(
      "SELECT 'age' AS dyna, max({0})::VARCHAR AS text, epoch(now()::TIMESTAMP)::BIGINT -\n"
      "    epoch(max({0}))::BIGINT AS n FROM loaded{1};\n",
      quote_name(contract.fresh_column), typed);
}

/// DuckDB's `line` of a reject is off behind quoted line breaks and blank lines; its byte position
/// is right, but for line breaks that csv_line may begin with.
std::string structural_sql(bool unseen) {
  const std::string_view reason =
      unseen ? "lower(error_type)" : "lower(error_type) || ': ' || error_message";
  // One error for each column that is missing, or too many: the line is told once.
  return fmt::format(
      "CREATE TABLE structural AS SELECT place + length(raw) - length(ltrim(raw, E'\\r\\n')) AS "
      "place,\n"
      "    trim(raw, E'\\r\\n\\x01') AS raw, reasons, encoding,\n"
      "    (SELECT max(CASE WHEN contains(newline_delimiter, 'r') THEN 2 ELSE 1 END)\n"
      "      FROM reject_scans) AS newline_bytes\n"
      "  FROM (SELECT line_byte_position::BIGINT AS place, coalesce(any_value(csv_line), '') AS "
      "raw,\n"
      "    list_filter(['missing columns: ' || min(found) FILTER (error_type =\n"
      "      'MISSING COLUMNS') || ' instead of ' || any_value(wanted),\n"
      "      'too many columns: ' || max(found) FILTER (error_type = 'TOO MANY COLUMNS') ||\n"
      "      ' instead of ' || any_value(wanted),\n"
      "      string_agg(DISTINCT {}, '; ') FILTER (error_type NOT IN\n"
      "      ('MISSING COLUMNS', 'TOO MANY COLUMNS'))], lambda v: v IS NOT NULL) AS reasons,\n"
      "    bool_or(error_type = 'INVALID ENCODING') AS encoding\n"
      "  FROM (SELECT *, regexp_extract(error_message, 'Columns: ([0-9]+)', 1) AS wanted,\n"
      "    try_cast(regexp_extract(error_message, 'Found: ([0-9]+)', 1) AS BIGINT) AS found\n"
      "    FROM reject_errors)\n"
      "  GROUP BY line_byte_position);\n"
      "COPY structural TO 'out/structural.parquet' (FORMAT parquet);\n"
      "SELECT 'structural' AS dyna, count(*) AS n, count(*) FILTER (encoding) AS invalid,\n"
      "  coalesce(bool_or(encoding), false) AS encoding FROM structural;\n",
      reason);
}

std::string load_tail(const LoadParams& load) {
  const bool csv = load.format == FileFormat::kCsv;
  const bool json = load.format == FileFormat::kJson;
  std::string out;
  if (csv) out += structural_sql(has_pii(*load.contract));
  out += fmt::format(
      "SELECT 'loaded' AS dyna, count(*) AS n, count(*) FILTER ({0}) AS cast_bad\n"
      "  FROM loaded;\n"
      "SELECT 'cast' AS dyna, v AS rule, count(*) AS n FROM (SELECT unnest(__dyna_cast) AS v\n"
      "  FROM loaded WHERE {0}) GROUP BY v ORDER BY v;\n",
      is_rejected(load));
  if (!json) {
    out += fmt::format(
        "COPY (SELECT rowid AS n, __dyna_cast AS columns FROM loaded WHERE {})\n"
        "  TO {} (FORMAT parquet);\n",
        is_rejected(load), quote_text(kOutCast));
  }
  return out;
}

/// FROM of a load without a contract.
std::string untyped_source(const LoadParams& load, bool has_invalid_lines) {
  switch (load.format) {
    case FileFormat::kParquet: return "read_parquet('in/0')";
    case FileFormat::kJson: {
      const std::string packed =
          fmt::format("'in/0', compression='{}'",
                      load.compression == "none" ? "uncompressed" : load.compression);
      return fmt::format(
          "read_json({}, format='newline_delimited', sample_size=-1, maximum_object_size={})",
          has_invalid_lines ? quote_text(kOutValid) : packed, kLineBytesMax);
    }
    case FileFormat::kCsv: break;
  }
  std::string options = fmt::format(
      "sample_size=-1, header={}, quote={}, nullstr={}, store_rejects=true, rejects_limit=0{}",
      load.header, quote_text(load.quote), text_list(load.nulls), shared_options(load));
  if (!load.delimiter.empty()) options += ", delim=" + quote_text(load.delimiter);
  return fmt::format("read_csv('in/0', {})", options);
}

std::string untyped_load(const LoadParams& load, const LoadSource& source) {
  const bool invalid = load.format == FileFormat::kJson && source.lines_invalid > 0;
  std::string out;
  if (invalid) {
    out = fmt::format(
        "COPY (SELECT l FROM {} WHERE CASE WHEN json_valid(l) THEN json_type(l) = 'OBJECT' "
        "ELSE false END)\n  TO {} (FORMAT csv, HEADER false, QUOTE '', ESCAPE "
        "'', DELIMITER {});\n",
        read_lines(load, false), quote_text(kOutValid), kNoDelimiter);
  }
  out += fmt::format("COPY (SELECT * FROM {}) TO {} (FORMAT parquet);\n",
                     untyped_source(load, invalid), quote_text(kOutData));
  if (load.format == FileFormat::kCsv) out += structural_sql(false);
  return out + std::string(kLoadedWhole) + output_facts_sql();
}

}  // namespace

LoadSource expected_source(const LoadParams& load) {
  LoadSource source;
  if (!load.delimiter.empty()) source.delimiter = load.delimiter;
  if (!load.contract.has_value()) return source;
  for (const ColumnSpec& column : load.contract->columns) {
    const std::string type =
        load.format == FileFormat::kParquet ? sql_type(column.type) : std::string();
    source.columns.push_back({column.name, type});
    source.map.push_back(
        {column.name, column.name, column.type, column.format, type, column.pii, column.to_bool});
  }
  return source;
}

std::string compile_look(const LoadParams& load) {
  switch (load.format) {
    case FileFormat::kParquet: return compile_describe(1);
    case FileFormat::kCsv:
      return fmt::format("SELECT 'front' AS dyna, l AS text FROM {} LIMIT 64;\n",
                         read_lines(load, false));
    case FileFormat::kJson: break;
  }
  return fmt::format(
      "CREATE TABLE lines AS SELECT line, CASE WHEN ok THEN json_keys(l) END AS keys, ok,\n"
      "    CASE WHEN NOT ok THEN left(l, 300) END AS raw FROM (\n"
      "  SELECT line, l, CASE WHEN json_valid(l) THEN json_type(l) = 'OBJECT' ELSE false END AS "
      "ok\n"
      "  FROM (SELECT row_number() OVER () AS line, l FROM {}) WHERE l IS NOT NULL);\n"
      "SELECT 'key' AS dyna, key AS name FROM (SELECT unnest(keys) AS key, line FROM lines)\n"
      "  GROUP BY key ORDER BY min(line), key;\n"
      "SELECT 'lines' AS dyna, count(*) AS n, count(*) FILTER (NOT ok) AS invalid FROM lines;\n",
      read_lines(load, false));
}

std::string compile_long_look(const LoadParams& load, const LoadSource& source) {
  std::string ends = fmt::format("ends_with(l, {})", quote_text(source.delimiter + "\"\""));
  for (const std::string& null : load.nulls) {
    ends += fmt::format(" OR ends_with(l, {})", quote_text(source.delimiter + null));
  }
  return fmt::format(
      "SELECT 'long' AS dyna, count(*) FILTER (ends_with(l, {}) OR {}) AS n FROM {};\n",
      quote_text(source.delimiter), ends, read_lines(load, false));
}

std::string compile_unpack(const LoadParams& load) {
  return fmt::format(
      "COPY (SELECT l FROM {}) TO {} (FORMAT csv, HEADER false, QUOTE '', ESCAPE '', DELIMITER "
      "{});\n",
      read_lines(load, false), quote_text(kOutPlain), kNoDelimiter);
}

bool has_clean_load(const LoadParams& load, const LoadSource& source) {
  return load.contract.has_value() && load.format != FileFormat::kJson &&
         !quarantines_types(load) && !source.map.empty();
}

std::string compile_clean_load(const LoadParams& load, const LoadSource& source) {
  std::string out = ref_views(source) + fmt::format("COPY ({}) TO {} (FORMAT parquet);\n",
                                                    clean_rows(load, source), quote_text(kOutData));
  if (load.format == FileFormat::kCsv) out += structural_sql(has_pii(*load.contract));
  // For compile_rejects: lines may be none of the file's shape, but every value is of its type.
  out += fmt::format(
      "COPY (SELECT 0::BIGINT AS n, []::INTEGER[] AS columns LIMIT 0) TO {} (FORMAT parquet);\n",
      quote_text(kOutCast));
  return out + std::string(kLoadedWhole) + unique_sql(*load.contract, "") +
         fresh_sql(*load.contract, "") + output_facts_sql();
}

std::string compile_load(const LoadParams& load, const LoadSource& source) {
  if (!load.contract.has_value()) return untyped_load(load, source);
  const std::vector<Rule> rules = label_rules(*load.contract);
  std::vector<std::string> hidden{"__dyna_cast", "__dyna_bad"};
  if (quarantines_types(load)) hidden.emplace_back("__dyna_raw");
  if (load.format == FileFormat::kJson) {
    hidden.insert(hidden.end(), {"__dyna_line", "__dyna_text", "__dyna_ok"});
  }
  std::vector<std::string> unseen = hidden;
  for (const ColumnSpec& column : load.contract->columns) {
    if (column.pii) unseen.push_back(column.name);
  }
  std::string out = ref_views(source) + typed_table(load, source) + load_tail(load) +
                    unique_sql(*load.contract, kTyped) + unique_labels(*load.contract) +
                    fresh_sql(*load.contract, kTyped);
  if (!rules.empty()) {
    const std::string_view raw = quarantines_types(load) ? "__dyna_raw AS dyna_raw" : "";
    out += label_report_sql("loaded", unseen) +
           label_copy_sql("loaded", rules, Severity::kQuarantine, hidden, kOutQuarantine, raw) +
           label_copy_sql("loaded", rules, Severity::kFail, hidden, kOutFailed);
  }
  if (load.format == FileFormat::kJson) {
    const std::string values =
        fmt::format("json_extract_string(__dyna_text, {}[__dyna_i + 1])", [&source] {
          std::vector<std::string> paths;
          paths.reserve(source.map.size());
          for (const ColumnSource& column : source.map) paths.push_back(json_path(column.source));
          return text_list(paths);
        }());
    out += fmt::format(
        "CREATE TABLE rejects AS SELECT __dyna_line AS line, __dyna_text AS raw,\n"
        "  list_transform(__dyna_cast, lambda __dyna_i: {}) AS reasons FROM loaded WHERE {};\n",
        reason_lists(source, values), is_rejected(load));
    out += first_rejects_sql();
  }
  out += fmt::format(
      "COPY (SELECT * EXCLUDE ({}) FROM loaded WHERE len(__dyna_cast) = 0 AND {})\n"
      "  TO {} (FORMAT parquet);\n",
      quote_names(hidden), label_clean_condition(rules, Severity::kQuarantine),
      quote_text(kOutData));
  return out + output_facts_sql();
}

}  // namespace cordyna::data
