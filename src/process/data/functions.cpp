#include "process/data/functions.hpp"

#include <fmt/format.h>

#include <array>
#include <string_view>

namespace cordyna::data {
namespace {

struct SqlFunction {
  std::string_view name;
  std::string_view arguments;
  std::string_view sql;
  std::string_view meaning;
};

constexpr std::array kFunctions{
    SqlFunction{"digits", "x", "nullif(regexp_replace(x::VARCHAR, '[^0-9]', '', 'g'), '')",
                "Only the digits; nothing if there are none."},
    // lpad alone would cut longer texts.
    SqlFunction{"pad", "x, n", "lpad(x::VARCHAR, greatest(n, length(x::VARCHAR))::INTEGER, '0')",
                "Zeros in front, up to n characters."},
    SqlFunction{"squeeze", "x", "nullif(trim(regexp_replace(x::VARCHAR, '\\s+', ' ', 'g')), '')",
                "Without blanks at the ends, single ones between; nothing if nothing is left."},
    SqlFunction{"title", "x",
                "array_to_string(list_transform(string_split(squeeze(x), ' '), "
                "lambda w: upper(w[1]) || lower(w[2:])), ' ')",
                "Each word with a capital."},
    SqlFunction{"plain", "x", "lower(strip_accents(squeeze(x)))",
                "Lower case without accents, to compare names."},
    SqlFunction{
        "street", "x",
        "array_to_string(list_transform(string_split(upper(regexp_replace(squeeze(x), "
        "'[.,#]', '', 'g')), ' '), lambda w: coalesce(map {'STREET': 'ST', 'AVENUE': 'AVE', "
        "'BOULEVARD': 'BLVD', 'DRIVE': 'DR', 'ROAD': 'RD', 'LANE': 'LN', 'COURT': 'CT', "
        "'PLACE': 'PL', 'TERRACE': 'TER', 'CIRCLE': 'CIR', 'HIGHWAY': 'HWY', 'PARKWAY': "
        "'PKWY', 'SQUARE': 'SQ', 'APARTMENT': 'APT', 'SUITE': 'STE', 'NORTH': 'N', 'SOUTH': "
        "'S', 'EAST': 'E', 'WEST': 'W', 'NORTHEAST': 'NE', 'NORTHWEST': 'NW', 'SOUTHEAST': "
        "'SE', 'SOUTHWEST': 'SW'}[w], w)), ' ')",
        "A street address in capitals, with the usual short forms."},
    SqlFunction{"date_as", "x, format", "try_strptime(x::VARCHAR, format)::DATE",
                "A date written in this format (%m/%d/%Y)."},
    SqlFunction{"time_as", "x, format", "try_strptime(x::VARCHAR, format)",
                "A date with time written in this format."},
    // try_cast alone takes '12.7' for 13 and '1e3' for 1000.
    SqlFunction{"whole", "x",
                "CASE WHEN regexp_full_match(trim(x::VARCHAR), '[+-]?[0-9]+') "
                "THEN try_cast(trim(x::VARCHAR) AS BIGINT) END",
                "A whole number written in digits, nothing else."},
    SqlFunction{
        "number", "x",
        "CASE WHEN regexp_full_match(trim(x::VARCHAR), "
        "'[+-]?([0-9]+[.]?[0-9]*|[.][0-9]+)') THEN try_cast(trim(x::VARCHAR) AS DOUBLE) END",
        "A number written with digits and a point."},
    SqlFunction{
        "yes_no", "x",
        "CASE WHEN lower(trim(x::VARCHAR)) IN ('y', 'yes', 't', 'true', '1', 'on') THEN true "
        "WHEN lower(trim(x::VARCHAR)) IN ('n', 'no', 'f', 'false', '0', 'off') THEN false "
        "END",
        "True or false of what people write for it."},
    SqlFunction{"ft2_to_m2", "x", "round(x::DOUBLE * 0.09290304, 1)",
                "Square feet as square metres."},
    SqlFunction{"miles_to_km", "x", "round(x::DOUBLE * 1.609344, 3)", "Miles as kilometres."},
};

}  // namespace

std::string functions_sql() {
  std::string out;
  for (const SqlFunction& function : kFunctions) {
    out += fmt::format("CREATE TEMP MACRO {}({}) AS ({});\n", function.name, function.arguments,
                       function.sql);
  }
  return out;
}

std::string functions_as_markdown() {
  std::string out =
      "\n## Functions of `set`\n\n"
      "In the expressions of `standardize`, beside DuckDB's own.\n\n"
      "| function | gives |\n|---|---|\n";
  for (const SqlFunction& function : kFunctions) {
    out += fmt::format("| `{}({})` | {} |\n", function.name, function.arguments, function.meaning);
  }
  return out;
}

}  // namespace cordyna::data
