#include "process/data/pg_types.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>

#include "process/data/sql_text.hpp"

namespace cordyna::data {
namespace {

struct Pair {
  std::string_view duck;
  std::string_view made;   ///< the type of a new column
  std::string_view taken;  ///< types of the catalog that hold every value of it, in blanks
};

constexpr std::array kPairs{
    Pair{"BOOLEAN", "boolean", " bool "},
    Pair{"TINYINT", "smallint", " int2 int4 int8 float4 float8 "},
    Pair{"UTINYINT", "smallint", " int2 int4 int8 float4 float8 "},
    Pair{"SMALLINT", "smallint", " int2 int4 int8 float4 float8 "},
    Pair{"USMALLINT", "integer", " int4 int8 float4 float8 "},
    Pair{"INTEGER", "integer", " int4 int8 float8 "},
    Pair{"UINTEGER", "bigint", " int8 float8 "},
    Pair{"BIGINT", "bigint", " int8 "},
    Pair{"UBIGINT", "numeric(20,0)", " "},
    Pair{"FLOAT", "real", " float4 float8 "},
    Pair{"DOUBLE", "double precision", " float8 "},
    Pair{"VARCHAR", "text", " text varchar bpchar citext uuid json jsonb xml inet cidr "},
    Pair{"JSON", "jsonb", " json jsonb text varchar "},
    Pair{"UUID", "uuid", " uuid text varchar "},
    Pair{"DATE", "date", " date timestamp "},
    Pair{"TIME", "time", " time "},
    Pair{"TIMESTAMP", "timestamp", " timestamp "},
    Pair{"TIMESTAMP_S", "timestamp", " timestamp "},
    Pair{"TIMESTAMP_MS", "timestamp", " timestamp "},
    Pair{"TIMESTAMP WITH TIME ZONE", "timestamptz", " timestamptz "},
    Pair{"TIME WITH TIME ZONE", "timetz", " timetz "},
    Pair{"INTERVAL", "interval", " interval "},
    Pair{"BLOB", "bytea", " bytea "},
};
constexpr Pair kNested{"", "jsonb", " json jsonb text varchar "};

bool is_nested(std::string_view type) {
  return type.ends_with("]") || type.starts_with("STRUCT(") || type.starts_with("MAP(");
}

const Pair* pair_of(std::string_view type) {
  if (is_nested(type)) return &kNested;
  if (type.starts_with("ENUM(")) type = "VARCHAR";
  const auto* const found = std::ranges::find(kPairs, type, &Pair::duck);
  return found == kPairs.end() ? nullptr : found;
}

struct Digits {
  std::int32_t precision = 0;
  std::int32_t scale = 0;
};

/// Of "DECIMAL(10,2)", or of a whole number's type; precision 0: no number of digits.
Digits digits_of(std::string_view type) {
  constexpr std::array<std::pair<std::string_view, std::int32_t>, 8> kWhole{{
      {"TINYINT", 3},
      {"UTINYINT", 3},
      {"SMALLINT", 5},
      {"USMALLINT", 5},
      {"INTEGER", 10},
      {"UINTEGER", 10},
      {"BIGINT", 19},
      {"UBIGINT", 20},
  }};
  for (const auto& [name, precision] : kWhole) {
    if (name == type) return {precision, 0};
  }
  if (!type.starts_with("DECIMAL(")) return {};
  Digits digits;
  const char* const end = type.data() + type.size();
  const auto read = std::from_chars(type.data() + 8, end, digits.precision);
  if (read.ptr == end || *read.ptr != ',') return {};
  std::from_chars(read.ptr + 1, end, digits.scale);
  return digits;
}

/// Of a numeric's type modifier, which is at least kModifierBase. The scale may be negative.
constexpr std::int32_t kModifierBase = 4;
Digits digits_of(std::int32_t modifier) {
  const std::int32_t bits = modifier - kModifierBase;
  return {(bits >> 16) & 0xffff, ((bits & 0x7ff) ^ 1024) - 1024};
}

bool fits_numeric(const Digits& digits, std::int32_t modifier) {
  if (modifier < kModifierBase) return true;  // numeric without bounds
  const Digits there = digits_of(modifier);
  return there.scale >= digits.scale &&
         there.precision - there.scale >= digits.precision - digits.scale;
}

/// Text columns are quoted, so that an empty text is told from none.
bool is_text(std::string_view type) {
  const Pair* pair = pair_of(type);
  return is_nested(type) || (pair != nullptr && pair->made == "text") || type == "JSON";
}

std::string csv_value(const SourceColumn& column) {
  const std::string name = quote_name(column.name);
  const std::string_view type = column.type;
  if (type == "BLOB") return fmt::format("'\\x' || hex({})", name);
  if (is_nested(type)) return fmt::format("to_json({})::VARCHAR", name);
  if (type == "JSON") return name + "::VARCHAR";
  if (type.starts_with("DATE") || type.starts_with("TIMESTAMP")) {
    return fmt::format("replace({}::VARCHAR, ' (BC)', ' BC')", name);
  }
  return name;
}

// --- from PostgreSQL ---

enum Oid : std::uint32_t {
  kBool = 16,
  kBytea = 17,
  kInt8 = 20,
  kInt2 = 21,
  kInt4 = 23,
  kOidType = 26,
  kJson = 114,
  kFloat4 = 700,
  kFloat8 = 701,
  kDate = 1082,
  kTime = 1083,
  kTimestamp = 1114,
  kTimestamptz = 1184,
  kNumeric = 1700,
  kUuid = 2950,
  kJsonb = 3802,
};

bool is_bounded(const PgColumn& column) {
  constexpr std::int32_t kPrecisionMax = 38;  // of DuckDB
  const Digits digits = digits_of(column.modifier);
  return column.modifier >= kModifierBase && digits.precision <= kPrecisionMax &&
         digits.scale >= 0 && digits.scale <= digits.precision;
}

std::string duck_type(const PgColumn& column) {
  switch (column.type) {
    case kBool: return "BOOLEAN";
    case kInt2: return "SMALLINT";
    case kInt4: return "INTEGER";
    case kInt8:
    case kOidType: return "BIGINT";
    case kFloat4: return "FLOAT";
    case kFloat8: return "DOUBLE";
    case kDate: return "DATE";
    case kTime: return "TIME";
    case kTimestamp: return "TIMESTAMP";
    case kTimestamptz: return "TIMESTAMPTZ";
    case kUuid: return "UUID";
    case kJson:
    case kJsonb: return "JSON";
    case kBytea: return "BLOB";
    case kNumeric:
      if (!is_bounded(column)) return "VARCHAR";
      return fmt::format("DECIMAL({},{})", digits_of(column.modifier).precision,
                         digits_of(column.modifier).scale);
    default: return "VARCHAR";
  }
}

/// The CSV's text of column `at` as a value.
std::string fetched_value(const PgColumn& column, std::size_t at) {
  const std::string type = duck_type(column);
  if (type == "VARCHAR") return fmt::format("c{}", at);
  if (type == "BLOB") return fmt::format("unhex(substr(c{}, 3))", at);
  if (type.starts_with("DATE") || type.starts_with("TIMESTAMP")) {
    return fmt::format("replace(c{}, ' BC', ' (BC)')::{}", at, type);
  }
  return fmt::format("c{}::{}", at, type);
}

}  // namespace

StepResult<std::string> pg_type_for(const SourceColumn& column) {
  if (column.type.starts_with("DECIMAL(")) return "numeric" + column.type.substr(7);
  const Pair* pair = pair_of(column.type);
  if (pair != nullptr) return std::string(pair->made);
  const std::string_view advice = column.type == "TIMESTAMP_NS"
                                      ? "TIMESTAMP (nanoseconds would be lost)"
                                  : column.type.ends_with("HUGEINT") ? "BIGINT or DECIMAL(38,0)"
                                                                     : "VARCHAR";
  return step_fail(TaskErrorCode::kTargetMisfit,
                   fmt::format("column '{}' is {}, which PostgreSQL has no type for; cast it to {} "
                               "in a transform before",
                               column.name, column.type, advice));
}

bool fits(std::string_view type, const TableColumn& column) {
  const Digits digits = digits_of(type);
  if (column.base == "numeric")
    return digits.precision > 0 && fits_numeric(digits, column.modifier);
  const Pair* pair = pair_of(type);
  if (pair == nullptr) return false;
  if (column.is_enum) return pair->made == "text";
  return pair->taken.find(fmt::format(" {} ", column.base)) != std::string_view::npos;
}

std::vector<std::string> misfits(const std::vector<SourceColumn>& data,
                                 const std::vector<TableColumn>& table,
                                 std::string_view shown_table, std::string_view quoted_table) {
  std::vector<std::string> found;
  for (const SourceColumn& column : data) {
    const auto there = std::ranges::find(table, column.name, &TableColumn::name);
    const StepResult<std::string> made = pg_type_for(column);
    if (!made.has_value()) {
      found.push_back(made.error().message);
    } else if (there == table.end()) {
      found.push_back(fmt::format("{} has no column '{}' (ALTER TABLE {} ADD COLUMN {} {})",
                                  shown_table, column.name, quoted_table, quote_name(column.name),
                                  *made));
    } else if (there->generated) {
      found.push_back(fmt::format("column '{}' is computed by the table; leave it out of the data",
                                  column.name));
    } else if (!fits(column.type, *there)) {
      found.push_back(
          fmt::format("column '{}' is {} in the data and {} in {}: cast it in a "
                      "transform, or make the table's column {}",
                      column.name, column.type, there->type, shown_table, *made));
    }
  }
  for (const TableColumn& column : table) {
    if (!column.required ||
        std::ranges::find(data, column.name, &SourceColumn::name) != data.end()) {
      continue;
    }
    found.push_back(
        fmt::format("column '{}' of {} is NOT NULL without a default, and the data has "
                    "no such column",
                    column.name, shown_table));
  }
  return found;
}

std::string share_csv_sql(const std::vector<SourceColumn>& columns, std::string_view file) {
  std::string values;
  std::string quoted;
  for (std::size_t i = 0; i < columns.size(); ++i) {
    values += fmt::format("{}{} AS c{}", i == 0 ? "" : ", ", csv_value(columns[i]), i);
    if (is_text(columns[i].type)) quoted += fmt::format("{}c{}", quoted.empty() ? "" : ", ", i);
  }
  return fmt::format(
      "COPY (SELECT {} FROM read_parquet('in/0'))\n  TO {} (FORMAT csv, HEADER false, DELIMITER "
      "',', QUOTE '\"', ESCAPE '\"', NULLSTR ''{});\n",
      values, quote_text(file), quoted.empty() ? "" : ", FORCE_QUOTE (" + quoted + ")");
}

std::string source_sql(const DatabaseSource& source) {
  if (source.sql.empty()) return "SELECT * FROM " + quote_table(source.table);
  return fmt::format("SELECT * FROM (\n{}\n) AS dyna_source", source.sql);
}

std::string fetch_sql(const DatabaseSource& source, const std::vector<PgColumn>& columns) {
  std::string names;
  for (std::size_t i = 0; i < columns.size(); ++i)
    names += fmt::format("{}c{}", i == 0 ? "" : ", ", i);
  return fmt::format(
      "COPY (SELECT * FROM (\n{}\n) AS dyna_rows({})) TO STDOUT (FORMAT csv, FORCE_QUOTE *)",
      source_sql(source), names);
}

std::string fetched_sql(const std::vector<PgColumn>& columns, std::string_view csv,
                        std::size_t row_bytes_max, std::string_view parquet) {
  std::string types;
  std::string values;
  for (std::size_t i = 0; i < columns.size(); ++i) {
    types += fmt::format("{}'c{}': 'VARCHAR'", i == 0 ? "" : ", ", i);
    values += fmt::format("{}{} AS {}", i == 0 ? "" : ",\n    ", fetched_value(columns[i], i),
                          quote_name(columns[i].name));
  }
  constexpr std::size_t kLineBytes = std::size_t{2} << 20;
  return fmt::format(
      "COPY (SELECT {}\n  FROM read_csv({}, header=false, auto_detect=false, delim=',', "
      "quote='\"', "
      "escape='\"',\n    nullstr='', allow_quoted_nulls=false, parallel=false, max_line_size={}, "
      "columns={{{}}}))\n  TO {} (FORMAT parquet);\n",
      values, quote_text(csv), std::max(kLineBytes, 2 * row_bytes_max + 1024), types,
      quote_text(parquet));
}

std::vector<std::string> unbounded_numbers(const std::vector<PgColumn>& columns) {
  std::vector<std::string> names;
  for (const PgColumn& column : columns) {
    if (column.type == kNumeric && !is_bounded(column)) names.push_back(column.name);
  }
  return names;
}

}  // namespace cordyna::data
