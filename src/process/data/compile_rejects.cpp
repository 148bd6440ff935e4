/// The SQL of rejects: compile.hpp's compile_rejects.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "process/data/compile.hpp"
#include "process/data/load_rows.hpp"
#include "process/data/sql_text.hpp"

namespace cordyna::data {
namespace {

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

/// Values of the columns of a reject, as a list by place in the map.
std::string value_list(const LoadParams& load, const LoadSource& source) {
  std::string out;
  for (const ColumnSource& column : source.map) {
    out += fmt::format("{}({})::VARCHAR", out.empty() ? "" : ", ", raw_value(load, source, column));
  }
  return "[" + out + "]::VARCHAR[]";
}

}  // namespace

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

std::string first_rejects_sql() {
  return fmt::format(
      "COPY rejects TO {} (FORMAT parquet);\n"
      "SELECT 'reject' AS dyna, line, left(raw, 300) AS raw, reasons FROM rejects\n"
      "  ORDER BY line NULLS LAST LIMIT 3;\n",
      quote_text(kOutRejects));
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
  out += fmt::format("CREATE TABLE bad AS FROM {};\n", quote_text(kOutCast));
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
