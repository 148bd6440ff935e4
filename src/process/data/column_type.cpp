#include "process/data/column_type.hpp"

#include <fmt/format.h>

#include <array>
#include <charconv>
#include <utility>

#include "process/data/sql_text.hpp"

namespace cordyna::data {
namespace {

struct TypeWord {
  std::string_view word;
  std::string_view sql;
  TypeName name;
};

constexpr std::array kWords{
    TypeWord{"string", "VARCHAR", TypeName::kString},
    TypeWord{"int32", "INTEGER", TypeName::kInt32},
    TypeWord{"int64", "BIGINT", TypeName::kInt64},
    TypeWord{"double", "DOUBLE", TypeName::kDouble},
    TypeWord{"decimal", "DECIMAL", TypeName::kDecimal},
    TypeWord{"date", "DATE", TypeName::kDate},
    TypeWord{"timestamp", "TIMESTAMP", TypeName::kTimestamp},
    TypeWord{"bool", "BOOLEAN", TypeName::kBool},
};

const TypeWord& word_of(TypeName name) {
  return kWords[static_cast<std::size_t>(name)];
}

bool parse_number(std::string_view text, std::uint32_t& value) {
  while (!text.empty() && text.front() == ' ') text.remove_prefix(1);
  while (!text.empty() && text.back() == ' ') text.remove_suffix(1);
  const char* const begin = text.data();
  const char* const end = begin + text.size();
  const auto result = std::from_chars(begin, end, value);
  return result.ec == std::errc() && result.ptr == end;
}

Result<ColumnType> parse_decimal(std::string_view text) {
  ColumnType type{TypeName::kDecimal, 0, 0};
  const std::string_view inside = text.substr(8, text.size() - 9);
  const std::size_t comma = inside.find(',');
  if (comma == std::string_view::npos || !parse_number(inside.substr(0, comma), type.precision) ||
      !parse_number(inside.substr(comma + 1), type.scale) || type.precision < 1 ||
      type.precision > 38 || type.scale > type.precision) {
    return fail(
        ErrorCode::kInvalidArgument,
        fmt::format("type '{}' is wrong: decimal(p,s) with 1 ≤ p ≤ 38 and s ≤ p is right", text));
  }
  return type;
}

/// The pattern that text of a strptime format has; empty where the format holds a word we have no
/// pattern for. strptime alone would read "01/02/24" with %Y as the year 24.
std::string format_pattern(std::string_view format) {
  constexpr std::array<std::pair<char, std::string_view>, 14> kParts{{
      {'Y', "[0-9]{4}"},
      {'y', "[0-9]{2}"},
      {'m', "[0-9]{1,2}"},
      {'d', "[0-9]{1,2}"},
      {'H', "[0-9]{1,2}"},
      {'I', "[0-9]{1,2}"},
      {'M', "[0-9]{1,2}"},
      {'S', "[0-9]{1,2}"},
      {'f', "[0-9]{1,9}"},
      {'b', "[A-Za-z]+"},
      {'B', "[A-Za-z]+"},
      {'a', "[A-Za-z]+"},
      {'p', "[AaPp][Mm]"},
      {'%', "%"},
  }};
  std::string out;
  for (std::size_t i = 0; i < format.size(); ++i) {
    const char c = format[i];
    if (c != '%') {
      out += fmt::format("\\x{{{:x}}}", static_cast<unsigned char>(c));
      if (static_cast<unsigned char>(c) >= 0x80) return {};
      continue;
    }
    if (++i == format.size()) return {};
    std::string_view part;
    for (const auto& [letter, pattern] : kParts) {
      if (letter == format[i]) part = pattern;
    }
    if (part.empty()) return {};
    out += part;
  }
  return out;
}

std::string when_matches(std::string_view text, std::string_view pattern, std::string_view value) {
  return fmt::format("CASE WHEN regexp_full_match({}, {}) THEN {} END", text, quote_text(pattern),
                     value);
}

std::string by_format(std::string_view text, std::string_view type, std::string_view format) {
  const std::string value =
      fmt::format("try_cast(try_strptime({}, {}) AS {})", text, quote_text(format), type);
  const std::string pattern = format_pattern(format);
  return pattern.empty() ? value : when_matches(text, pattern, value);
}

std::string iso_timestamp(std::string_view text) {
  constexpr std::string_view kPlain =
      "[0-9]{4}-[0-9]{2}-[0-9]{2}([T ][0-9]{2}:[0-9]{2}(:[0-9]{2}([.][0-9]{1,6})?)?Z?)?";
  constexpr std::string_view kZoned =
      "[0-9]{4}-[0-9]{2}-[0-9]{2}[T ][0-9]{2}:[0-9]{2}(:[0-9]{2}([.][0-9]{1,6})?)?[+-][0-9]{2}(:?["
      "0-9]{2})?";
  return fmt::format(
      "CASE WHEN regexp_full_match({0}, {1}) THEN try_cast({0} AS TIMESTAMP) "
      "WHEN regexp_full_match({0}, {2}) THEN try_cast({0} AS TIMESTAMPTZ) AT TIME ZONE 'UTC' END",
      text, quote_text(kPlain), quote_text(kZoned));
}

std::string decimal(std::string_view text, const ColumnType& type) {
  // More digits behind the point than the type has would be rounded away without a word.
  const std::string pattern =
      type.scale == 0
          ? std::string("[+-]?[0-9]+([.]0*)?")
          : fmt::format("[+-]?([0-9]+([.][0-9]{{0,{0}}}0*)?|[.][0-9]{{1,{0}}}0*)", type.scale);
  return when_matches(text, pattern, fmt::format("try_cast({} AS {})", text, sql_type(type)));
}

}  // namespace

Result<ColumnType> parse_type(std::string_view text) {
  if (text.starts_with("decimal(") && text.ends_with(")")) return parse_decimal(text);
  for (const TypeWord& row : kWords) {
    if (row.word == text && row.name != TypeName::kDecimal) return ColumnType{row.name, 0, 0};
  }
  return fail(ErrorCode::kInvalidArgument,
              fmt::format("unknown type '{}': string, int32, int64, double, decimal(p,s), date, "
                          "timestamp or bool is right",
                          text));
}

std::string to_string(const ColumnType& type) {
  const std::string_view word = word_of(type.name).word;
  if (type.name != TypeName::kDecimal) return std::string(word);
  return fmt::format("{}({},{})", word, type.precision, type.scale);
}

std::string sql_type(const ColumnType& type) {
  const std::string_view word = word_of(type.name).sql;
  if (type.name != TypeName::kDecimal) return std::string(word);
  return fmt::format("{}({},{})", word, type.precision, type.scale);
}

std::string strict_cast(std::string_view text, const ColumnType& type, std::string_view format) {
  const std::string cast = fmt::format("try_cast({} AS {})", text, sql_type(type));
  switch (type.name) {
    case TypeName::kString: return std::string(text);
    case TypeName::kInt32:
    case TypeName::kInt64: return when_matches(text, "[+-]?[0-9]+", cast);
    case TypeName::kDouble:
      // 1e400 would become infinity.
      return fmt::format("CASE WHEN regexp_full_match({0}, {1}) AND isfinite({2}) THEN {2} END",
                         text, quote_text("[+-]?([0-9]+([.][0-9]*)?|[.][0-9]+)([eE][+-]?[0-9]+)?"),
                         cast);
    case TypeName::kDecimal: return decimal(text, type);
    case TypeName::kDate:
      if (!format.empty()) return by_format(text, "DATE", format);
      return when_matches(text, "[0-9]{4}-[0-9]{2}-[0-9]{2}", cast);
    case TypeName::kTimestamp:
      if (!format.empty()) return by_format(text, "TIMESTAMP", format);
      return iso_timestamp(text);
    case TypeName::kBool:
      return fmt::format(
          "CASE WHEN lower({0}) IN ('true','t','yes','y','1') THEN true "
          "WHEN lower({0}) IN ('false','f','no','n','0') THEN false END",
          text);
  }
  return {};
}

bool same_kind(std::string_view source, const ColumnType& type) {
  const auto one_of = [source](std::initializer_list<std::string_view> names) {
    for (const std::string_view name : names) {
      if (source == name) return true;
    }
    return false;
  };
  const bool whole = one_of({"TINYINT", "SMALLINT", "INTEGER", "BIGINT", "UTINYINT", "USMALLINT",
                             "UINTEGER", "UBIGINT", "HUGEINT"});
  switch (type.name) {
    case TypeName::kString:
      return one_of({"VARCHAR", "UUID", "JSON"}) || source.starts_with("ENUM");
    case TypeName::kInt32:
    case TypeName::kInt64: return whole;
    case TypeName::kDouble:
      return whole || one_of({"FLOAT", "DOUBLE"}) || source.starts_with("DECIMAL");
    case TypeName::kDecimal: return whole || source.starts_with("DECIMAL");
    case TypeName::kDate: return source == "DATE";
    case TypeName::kTimestamp: return source == "DATE" || source.starts_with("TIMESTAMP");
    case TypeName::kBool: return source == "BOOLEAN";
  }
  return false;
}

}  // namespace cordyna::data
