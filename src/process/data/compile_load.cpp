/// The SQL of loads: compile.hpp's compile_look, compile_load and compile_rejects.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "process/data/compile.hpp"
#include "process/data/labels.hpp"
#include "process/data/sql_text.hpp"

namespace cordyna::data {
namespace {

/// Read as one value a line: nothing in a text file holds these four bytes in a row.
constexpr std::string_view kNoDelimiter = "E'\\x01\\x02\\x03\\x04'";
constexpr std::uint64_t kLineBytesMax = std::uint64_t{16} << 20;
/// DuckDB would take 16 lines of the largest size, more than the whole memory of a small step.
constexpr std::uint64_t kBufferBytes = 2 * kLineBytesMax;

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

std::string csv_style(const LoadParams& load, const LoadSource& source) {
  const std::string quote = quote_text(load.quote);
  return fmt::format(
      "delim={}, quote={}, escape={}, nullstr={}, store_rejects=true, "
      "rejects_limit=0{}",
      quote_text(source.delimiter), quote, quote,
      text_list(load.nulls.empty() ? std::vector<std::string>{"\x01"} : load.nulls),
      shared_options(load));
}

/// All columns as text, named by their place: names of the file may differ only in case.
std::string read_csv_text(const LoadParams& load, const LoadSource& source) {
  std::string columns;
  for (std::size_t i = 0; i < source.columns.size(); ++i) {
    columns += fmt::format("{}'c{}': 'VARCHAR'", i == 0 ? "" : ", ", i);
  }
  return fmt::format("read_csv('in/0', header={}, auto_detect=false, columns={{{}}}, {})",
                     load.header, columns, csv_style(load, source));
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

/// A path that finds exactly this key, whatever is in it.
std::string json_path(std::string_view key) {
  std::string out = "$.\"";
  for (const char c : key) {
    if (c == '"' || c == '\\') out += '\\';
    out += c;
  }
  return out + "\"";
}

/// The value of one column as it stands in the source: text, or a Parquet column.
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
  if (column.type.name != TypeName::kInt32 && column.type.name != TypeName::kInt64) return strict;
  // Nearly all whole numbers are written as DuckDB would write them, and that is quickly seen.
  const std::string cast = fmt::format("try_cast({} AS {})", raw, sql_type(column.type));
  return fmt::format("CASE WHEN {0}::VARCHAR = {1} THEN {0} ELSE {2} END", cast, raw, strict);
}

bool can_fail(const ColumnSource& column) {
  return !column.source.empty() && column.type.name != TypeName::kString;
}

/// The list of columns (places in the map) whose text is not a value of their type.
std::string cast_labels(const LoadSource& source) {
  std::string all;
  std::string out;
  for (std::size_t i = 0; i < source.map.size(); ++i) {
    if (!can_fail(source.map[i])) continue;
    all += fmt::format("{}(r{} IS NULL OR t{} IS NOT NULL)", out.empty() ? "" : " AND ", i, i);
    out += fmt::format("{}\n      CASE WHEN r{} IS NOT NULL AND t{} IS NULL THEN {} END",
                       out.empty() ? "" : ",", i, i, i);
  }
  if (out.empty()) return "[]::INTEGER[]";
  return fmt::format(
      "CASE WHEN {} THEN []::INTEGER[] ELSE\n    list_filter([{}\n    ]::INTEGER[], lambda v: v IS "
      "NOT NULL) END",
      all, out);
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

bool quarantines_types(const LoadParams& load) {
  return load.contract->drift.type == Drift::kQuarantine;
}

/// A condition: the row has values of the wrong type, and is a reject for it.
std::string is_rejected(const LoadParams& load) {
  return quarantines_types(load) ? "list_contains(__dyna_cast, -1)" : "len(__dyna_cast) > 0";
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

std::string typed_table(const LoadParams& load, const LoadSource& source) {
  const bool json = load.format == FileFormat::kJson;
  std::string raws;
  std::string typed;
  std::string named;
  for (std::size_t i = 0; i < source.map.size(); ++i) {
    const ColumnSource& column = source.map[i];
    const std::string_view comma = i == 0 ? "" : ",\n      ";
    raws += fmt::format("{}{} AS r{}", comma, raw_value(load, source, column), i);
    typed += fmt::format("{}{} AS t{}", comma, typed_value(fmt::format("r{}", i), column), i);
    named += fmt::format("{}t{} AS {}", i == 0 ? "" : ", ", i, quote_name(column.name));
  }
  const std::string_view extra = json ? ", __dyna_line, __dyna_text, __dyna_ok" : "";
  std::string labels = cast_labels(source);
  if (json) labels = fmt::format("CASE WHEN NOT __dyna_ok THEN [-1] ELSE {} END", labels);
  const std::string_view all =
      json ? "* REPLACE (CASE WHEN len(__dyna_cast) > 0 THEN __dyna_text END AS __dyna_text)" : "*";
  std::string inner = fmt::format(
      "SELECT {}, {} AS __dyna_cast{}\n"
      "  FROM (SELECT *,\n      {}\n"
      "    FROM (SELECT {}{}\n"
      "      FROM {}))",
      named, labels, extra, typed, raws, extra, source_rows(load, source));
  if (quarantines_types(load)) {
    // The list of columns is wanted twice: once more around it.
    inner = fmt::format(
        "SELECT {}, __dyna_cast{}, {} AS __dyna_raw\n"
        "  FROM (SELECT *, {} AS __dyna_cast\n"
        "    FROM (SELECT *,\n      {}\n"
        "      FROM (SELECT {}{}\n"
        "        FROM {})))",
        named, extra, raw_map(source), labels, typed, raws, extra, source_rows(load, source));
  }
  return fmt::format(
      "CREATE TABLE loaded AS\n"
      "SELECT {}, CASE WHEN len(__dyna_cast) = 0 THEN {} ELSE {} END AS __dyna_bad\n"
      "FROM ({});\n",
      all, label_expression(load.contract->rules), type_label_list(load), inner);
}

std::string unique_sql(const Contract& contract) {
  std::string out;
  for (std::size_t i = 0; i < contract.unique.size(); ++i) {
    const std::vector<std::string>& columns = contract.unique[i].columns;
    out += fmt::format(
        "CREATE TEMP TABLE __dyna_twice_{0} AS SELECT {1}, count(*) AS times FROM loaded\n"
        "  WHERE len(__dyna_cast) = 0 GROUP BY {1} HAVING count(*) > 1;\n"
        "SELECT 'unique' AS dyna, {0} AS rule, coalesce(sum(times - 1), 0)::BIGINT AS bad\n"
        "  FROM __dyna_twice_{0};\n"
        "SELECT 'unique_sample' AS dyna, {0} AS rule, to_json(t)::VARCHAR AS sample\n"
        "  FROM (FROM __dyna_twice_{0} ORDER BY ALL LIMIT 3) AS t;\n",
        i, quote_names(columns));
    const std::optional<std::size_t> label = unique_label(contract, i);
    if (!label.has_value()) continue;
    std::string same;
    for (const std::string& column : columns) {
      same += fmt::format(" AND loaded.{0} IS NOT DISTINCT FROM t.{0}", quote_name(column));
    }
    out += fmt::format(
        "UPDATE loaded SET __dyna_bad = list_append(__dyna_bad, {})\n"
        "  FROM __dyna_twice_{} AS t WHERE len(__dyna_cast) = 0{};\n",
        *label, i, same);
  }
  return out;
}

/// How old the latest value is, in seconds; none: there is no value.
std::string fresh_sql(const Contract& contract) {
  if (contract.fresh_column.empty()) return {};
  return fmt::format(
      "SELECT 'age' AS dyna, max({0})::VARCHAR AS text, epoch(now()::TIMESTAMP)::BIGINT -\n"
      "    epoch(max({0}))::BIGINT AS n FROM loaded WHERE len(__dyna_cast) = 0;\n",
      quote_name(contract.fresh_column));
}

/// Which lines are bad, and why, for a column list `names`, types and values by place.
std::string reason_lists(const LoadSource& source, std::string_view values) {
  std::vector<std::string> names;
  std::vector<std::string> types;
  std::string unseen;
  for (const ColumnSource& column : source.map) {
    names.push_back(column.name);
    unseen += fmt::format("{}{}", unseen.empty() ? "" : ", ", column.pii);
    std::vector<std::string> texts;
    texts.reserve(column.to_bool.size());
    for (const auto& [text, value] : column.to_bool) texts.push_back(text);
    types.push_back(to_string(column.type) + (column.format.empty() ? "" : " as " + column.format) +
                    (texts.empty() ? "" : fmt::format(" ({})", fmt::join(texts, ", "))));
  }
  return fmt::format(
      "CASE WHEN __dyna_i = -1 THEN 'not a JSON object' ELSE {}[__dyna_i + 1] || ': ' || "
      "coalesce(CASE WHEN NOT [{}][__dyna_i + 1] THEN '''' || left({}, 60) || '''' END, 'the "
      "value') "
      "|| ' is not a value of type ' || {}[__dyna_i + 1] END",
      text_list(names), unseen, values, text_list(types));
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
        "  TO 'out/cast.parquet' (FORMAT parquet);\n",
        is_rejected(load));
  }
  return out;
}

std::string untyped_load(const LoadParams& load, const LoadSource& source) {
  switch (load.format) {
    case FileFormat::kParquet:
      return "CREATE TABLE loaded AS SELECT * FROM read_parquet('in/0');\n";
    case FileFormat::kJson: {
      std::string from =
          fmt::format("'in/0', compression='{}'",
                      load.compression == "none" ? "uncompressed" : load.compression);
      std::string first;
      if (source.lines_invalid > 0) {
        first = fmt::format(
            "COPY (SELECT l FROM {} WHERE CASE WHEN json_valid(l) THEN json_type(l) = 'OBJECT' "
            "ELSE false END)\n  TO 'out/valid.jsonl' (FORMAT csv, HEADER false, QUOTE '', ESCAPE "
            "'', DELIMITER {});\n",
            read_lines(load, false), kNoDelimiter);
        from = "'out/valid.jsonl'";
      }
      return first + fmt::format(
                         "CREATE TABLE loaded AS SELECT * FROM read_json({}, "
                         "format='newline_delimited', sample_size=-1, "
                         "maximum_object_size={});\n",
                         from, kLineBytesMax);
    }
    case FileFormat::kCsv: break;
  }
  std::string options = fmt::format(
      "sample_size=-1, header={}, quote={}, nullstr={}, store_rejects=true, rejects_limit=0{}",
      load.header, quote_text(load.quote), text_list(load.nulls), shared_options(load));
  if (!load.delimiter.empty()) options += ", delim=" + quote_text(load.delimiter);
  return fmt::format("CREATE TABLE loaded AS SELECT * FROM read_csv('in/0', {});\n", options) +
         structural_sql(false);
}

/// The physical lines of the file, and on which of them each structural reject stands.
std::string physical_sql(const LoadParams& load, const LoadSource& source) {
  const bool latin = source.encoding_broken && load.encoding.empty();
  return fmt::format(
      "CREATE TABLE structural AS FROM 'out/structural.parquet';\n"
      "CREATE TABLE physical AS SELECT line, l, {} + coalesce(sum(bytes) OVER (ORDER BY line ROWS\n"
      "    BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING), 0)::BIGINT AS start FROM (\n"
      "  SELECT row_number() OVER () AS line, l, coalesce({}(l), 0) +\n"
      "    coalesce((SELECT max(newline_bytes) FROM structural), 1) AS bytes FROM {});\n"
      "CREATE TABLE located AS SELECT p.line, s.raw, s.reasons\n"
      "  FROM structural AS s ASOF LEFT JOIN physical AS p ON s.place >= p.start;\n",
      1 + source.mark_bytes, latin ? "length" : "strlen", read_lines(load, source.encoding_broken));
}

/// Numbers of the physical lines of rows whose text is not a value of its type. Rejected records
/// and blank lines take lines but give no row; quoted values may span several lines. So the rows
/// are laid out over the remaining lines in order, and where the two do not add up, no number is
/// given rather than a wrong one.
std::string row_lines_sql(const LoadParams& load, const LoadSource& source) {
  const bool single = source.columns.size() == 1;  // a blank line is a row with one NULL
  std::string all;
  for (std::size_t i = 0; i < source.columns.size(); ++i) {
    all += fmt::format("{}c{}", i == 0 ? "" : ", ", i);
  }
  return fmt::format(
      "CREATE TABLE record AS SELECT {0} FROM {1};\n"
      "CREATE TABLE taken AS SELECT unnest(range(line, line + 1 + length(raw) -\n"
      "    length(replace(raw, E'\\n', '')))) AS line FROM located;\n"
      "CREATE TABLE slot AS SELECT line, l, row_number() OVER (ORDER BY line) AS slot\n"
      "  FROM physical AS p\n"
      "  WHERE line > {2} AND {3} AND NOT EXISTS (FROM taken WHERE taken.line = p.line);\n"
      "CREATE TABLE placed AS SELECT n, lines, 1 + coalesce(sum(lines) OVER (ORDER BY n ROWS\n"
      "    BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING), 0)::BIGINT AS slot FROM (\n"
      "  SELECT n, CASE WHEN contains(v, E'\\n') THEN 2 + len(list_filter(string_split(v, "
      "E'\\n')[2:-2],\n    lambda s: s NOT IN ('', E'\\r'))) ELSE 1 END AS lines\n"
      "  FROM (SELECT rowid AS n, concat_ws(E'\\x01', {0}) AS v FROM record));\n"
      "CREATE TABLE fits AS SELECT (SELECT count(*) FROM slot) =\n"
      "  (SELECT coalesce(sum(lines), 0) FROM placed) AS ok;\n"
      "CREATE TABLE numbered AS SELECT b.n, CASE WHEN ok THEN min(s.line) END AS line,\n"
      "    CASE WHEN ok THEN string_agg(s.l, E'\\n' ORDER BY s.line) END AS raw\n"
      "  FROM bad AS b JOIN placed AS p ON p.n = b.n CROSS JOIN fits\n"
      "  LEFT JOIN slot AS s ON s.slot >= p.slot AND s.slot < p.slot + p.lines GROUP BY b.n, ok;\n",
      all, read_csv_text(load, source), source.header_lines, single ? "true" : "l IS NOT NULL");
}

std::string first_rejects_sql() {
  return fmt::format(
      "COPY rejects TO {} (FORMAT parquet);\n"
      "SELECT 'reject' AS dyna, line, left(raw, 300) AS raw, reasons FROM rejects\n"
      "  ORDER BY line NULLS LAST LIMIT 3;\n",
      quote_text(kOutRejects));
}

/// Values of the columns of a reject, as a list by place in the map.
std::string value_list(const LoadParams& load, const LoadSource& source) {
  std::string out;
  for (const ColumnSource& column : source.map) {
    out += fmt::format("{}({})::VARCHAR", out.empty() ? "" : ", ", raw_value(load, source, column));
  }
  return "[" + out + "]::VARCHAR[]";
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

std::string compile_load(const LoadParams& load, const LoadSource& source) {
  if (!load.contract.has_value()) {
    return untyped_load(load, source) +
           "SELECT 'loaded' AS dyna, count(*) AS n, 0 AS cast_bad FROM loaded;\n" +
           fmt::format("COPY loaded TO {} (FORMAT parquet);\n", quote_text(kOutData)) +
           output_facts_sql();
  }
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
                    unique_sql(*load.contract) + fresh_sql(*load.contract);
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

std::string compile_rejects(const LoadParams& load, const LoadSource& source) {
  const bool csv = load.format == FileFormat::kCsv;
  std::string out;
  if (csv) out += physical_sql(load, source);
  if (load.format == FileFormat::kJson) {  // without a contract: lines that are no objects
    return fmt::format(
               "CREATE TABLE rejects AS SELECT line, l AS raw, ['not a JSON object'] AS reasons\n"
               "  FROM (SELECT row_number() OVER () AS line, l FROM {}) WHERE l IS NOT NULL AND\n"
               "  CASE WHEN json_valid(l) THEN json_type(l) <> 'OBJECT' ELSE true END;\n",
               read_lines(load, false)) +
           first_rejects_sql();
  }
  if (!load.contract.has_value()) {
    return out + "CREATE TABLE rejects AS SELECT line, raw, reasons FROM located;\n" +
           first_rejects_sql();
  }
  out += "CREATE TABLE bad AS FROM 'out/cast.parquet';\n";
  if (csv) {
    out += row_lines_sql(load, source);
  } else {
    out +=
        "CREATE TABLE record AS FROM read_parquet('in/0');\n"
        "CREATE TABLE numbered AS SELECT b.n, b.n + 1 AS line, to_json(r)::VARCHAR AS raw\n"
        "  FROM bad AS b JOIN record AS r ON r.rowid = b.n;\n";
  }
  out += fmt::format(
      "CREATE TABLE told AS SELECT rowid AS n, {} AS texts FROM record;\n"
      "CREATE TABLE rejects AS SELECT m.line::BIGINT AS line, m.raw AS raw,\n"
      "    list_transform(b.columns, lambda __dyna_i: {}) AS reasons\n"
      "  FROM bad AS b JOIN told AS t ON t.n = b.n JOIN numbered AS m ON m.n = b.n{};\n",
      value_list(load, source), reason_lists(source, "t.texts[__dyna_i + 1]"),
      csv ? "\n  UNION ALL SELECT line, raw, reasons FROM located" : "");
  return out + first_rejects_sql();
}

}  // namespace cordyna::data
