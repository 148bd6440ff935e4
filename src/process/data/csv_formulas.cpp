#include "process/data/csv_formulas.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "process/data/sql_text.hpp"

namespace cordyna::data {
namespace {

constexpr std::string_view kFormula = "__dyna_formula";

bool is_text(const SourceColumn& column) {
  return column.type == "VARCHAR" || column.type.empty();
}

/// What the macro says of values, for a column's name.
bool is_formula(std::string_view name) {
  if (name.empty()) return false;
  if (std::string_view("=@\t\r").contains(name.front())) return true;
  if (name.front() != '+' && name.front() != '-') return false;
  return std::ranges::any_of(name, [](char c) {
    return c == '!' || c == '|' || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
  });
}

std::string list_columns(const std::vector<SourceColumn>& columns,
                         std::string (*make)(const SourceColumn& column)) {
  std::string out;
  for (const SourceColumn& column : columns) {
    const std::string one = make(column);
    if (one.empty()) continue;
    if (!out.empty()) out += ", ";
    out += one;
  }
  return out;
}

}  // namespace

std::string formula_macro() {
  return fmt::format(
      "CREATE MACRO {}(s) AS CASE left(s, 1)\n"
      "  WHEN '=' THEN true WHEN '@' THEN true WHEN chr(9) THEN true WHEN chr(13) THEN true\n"
      "  WHEN '+' THEN regexp_matches(s, '[A-Za-z!|]')\n"
      "  WHEN '-' THEN regexp_matches(s, '[A-Za-z!|]')\n"
      "  ELSE false END;\n",
      kFormula);
}

std::string count_formulas(const std::vector<SourceColumn>& columns) {
  const std::string counts = list_columns(columns, [](const SourceColumn& column) {
    if (!is_text(column)) return std::string();
    return fmt::format("{{'name': {}, 'n': count(*) FILTER ({}({}))}}", quote_text(column.name),
                       kFormula, quote_name(column.name));
  });
  if (counts.empty()) return {};
  return fmt::format(
      "SELECT 'formula' AS dyna, c.name AS name, c.n AS n FROM (\n"
      "  SELECT unnest([{}]) AS c FROM read_parquet('in/0')) WHERE c.n > 0;\n",
      counts);
}

std::string escaped_columns(const std::vector<SourceColumn>& columns) {
  const std::string out = list_columns(columns, [](const SourceColumn& column) {
    const std::string name = quote_name(column.name);
    const std::string shown = is_formula(column.name) ? quote_name("'" + column.name) : name;
    if (!is_text(column)) return fmt::format("{} AS {}", name, shown);
    return fmt::format("CASE WHEN {0}({1}) THEN '''' || {1} ELSE {1} END AS {2}", kFormula, name,
                       shown);
  });
  return out.empty() ? "*" : out;
}

std::string formulas_found(const std::vector<Fact>& facts,
                           const std::vector<SourceColumn>& columns) {
  constexpr std::size_t kNamedMax = 10;
  std::vector<std::string> found;
  for (const Fact& fact : facts) {
    if (fact.kind != "formula" || fact.n == 0) continue;
    found.push_back(
        fmt::format("{} {} in {}", grouped(fact.n), fact.n == 1 ? "text" : "texts", fact.name));
  }
  for (const SourceColumn& column : columns) {
    if (is_formula(column.name)) found.push_back("the name of column " + column.name);
  }
  std::string out;
  for (std::size_t i = 0; i < std::min(found.size(), kNamedMax); ++i) {
    out += (i == 0 ? "" : ", ") + found[i];
  }
  if (found.size() > kNamedMax) out += fmt::format(" and {} more", found.size() - kNamedMax);
  return out;
}

}  // namespace cordyna::data
