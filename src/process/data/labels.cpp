#include "process/data/labels.hpp"

#include <fmt/format.h>

#include <boost/json.hpp>

#include "process/data/sql_text.hpp"

namespace cordyna::data {
namespace {

namespace json = boost::json;

/// [0, 2]: the places of the rules of a severity; empty text: none.
std::string places(const std::vector<Rule>& rules, Severity severity) {
  std::string out;
  for (std::size_t i = 0; i < rules.size(); ++i) {
    if (rules[i].severity != severity) continue;
    out += fmt::format("{}{}", out.empty() ? "" : ", ", i);
  }
  return out;
}

std::string holds(const Rule& rule) {
  // The line break ends a comment that the rule may end with.
  return fmt::format("coalesce(({}\n)::BOOLEAN, true)", rule.sql);
}

}  // namespace

std::string label_holds(const std::vector<Rule>& rules) {
  if (rules.empty()) return "true";
  std::string all;
  for (const Rule& rule : rules) all += (all.empty() ? "" : "\n    AND ") + holds(rule);
  return all;
}

std::string label_expression(const std::vector<Rule>& rules) {
  if (rules.empty()) return "[]::INTEGER[]";
  std::string places;
  for (std::size_t i = 0; i < rules.size(); ++i) {
    places +=
        fmt::format("{}\n    CASE WHEN NOT {} THEN {} END", i == 0 ? "" : ",", holds(rules[i]), i);
  }
  // Lists are dear: one is made only for a row that breaks a rule.
  return fmt::format(
      "CASE WHEN {} THEN []::INTEGER[] ELSE\n  list_filter([{}\n  ]::INTEGER[], lambda v: v IS NOT "
      "NULL) END",
      label_holds(rules), places);
}

std::string label_report_sql(std::string_view table, const std::vector<std::string>& unseen) {
  json::object patch;  // null takes a key away
  for (const std::string& name : unseen) patch[name] = nullptr;
  return fmt::format(
      "SELECT 'rule' AS dyna, r AS rule, count(*) AS bad\n"
      "  FROM (SELECT unnest(__dyna_bad) AS r FROM {0}) GROUP BY r ORDER BY r;\n"
      "SELECT 'sample' AS dyna, u.r AS rule, json_merge_patch(to_json(l), {1})::VARCHAR AS "
      "sample\n  FROM (\n"
      "  SELECT id, r FROM (\n"
      "    SELECT rowid AS id, unnest(__dyna_bad) AS r FROM {0} WHERE len(__dyna_bad) > 0)\n"
      "  QUALIFY row_number() OVER (PARTITION BY r ORDER BY id) <= 3) AS u\n"
      "  JOIN {0} AS l ON l.rowid = u.id ORDER BY u.r, u.id;\n",
      table, quote_text(json::serialize(patch)));
}

std::string label_copy_sql(std::string_view table, const std::vector<Rule>& rules,
                           Severity severity, const std::vector<std::string>& hidden,
                           std::string_view path, std::string_view more) {
  const std::string chosen = places(rules, severity);
  if (chosen.empty()) return {};
  std::vector<std::string> names;
  names.reserve(rules.size());
  for (const Rule& rule : rules) names.push_back(rule.name);
  return fmt::format(
      "COPY (SELECT * EXCLUDE ({1}), list_transform(list_intersect(__dyna_bad, [{2}]),\n"
      "    lambda v: {3}[v + 1]) AS dyna_reasons{6}\n"
      "  FROM {0} WHERE list_has_any(__dyna_bad, [{2}])) TO {4} (FORMAT parquet);\n"
      "SELECT 'copied' AS dyna, '{5}' AS severity, count(*) AS n\n"
      "  FROM {0} WHERE list_has_any(__dyna_bad, [{2}]);\n",
      table, quote_names(hidden), chosen, text_list(names), quote_text(path), to_string(severity),
      more.empty() ? std::string() : fmt::format(", {}", more));
}

std::string label_condition(const std::vector<Rule>& rules, Severity severity) {
  const std::string chosen = places(rules, severity);
  if (chosen.empty()) return {};
  return fmt::format("list_has_any(__dyna_bad, [{}])", chosen);
}

std::string label_clean_condition(const std::vector<Rule>& rules, Severity severity) {
  const std::string broken = label_condition(rules, severity);
  return broken.empty() ? "true" : "NOT " + broken;
}

}  // namespace cordyna::data
