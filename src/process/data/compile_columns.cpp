// The steps that treat single columns: standardize and secure.
#include <fmt/format.h>

#include <algorithm>

#include "base/nearest.hpp"
#include "base/words.hpp"
#include "process/data/compile.hpp"
#include "process/data/functions.hpp"
#include "process/data/labels.hpp"
#include "process/data/sql_text.hpp"

namespace cordyna::data {
namespace {

const SourceColumn* find_column(const std::vector<SourceColumn>& columns, std::string_view name) {
  const auto found = std::ranges::find(columns, name, &SourceColumn::name);
  return found == columns.end() ? nullptr : &*found;
}

StepResult<> known(const std::vector<SourceColumn>& columns, const std::string& of,
                   std::string_view key, const std::string& name) {
  if (find_column(columns, name) != nullptr) return {};
  std::vector<std::string_view> names;
  std::string all;
  for (const SourceColumn& column : columns) {
    names.emplace_back(column.name);
    all += (all.empty() ? "" : ", ") + column.name;
  }
  const std::string near = nearest(name, names);
  return step_fail(TaskErrorCode::kInputInvalid,
                   fmt::format("{}: '{}' has no column '{}'{}; it has {}", key, of, name,
                               near.empty() ? "" : fmt::format(" (do you mean '{}'?)", near), all),
                   Phase::kPrepare);
}

std::string new_name(const StandardizeParams& params, const std::string& name) {
  for (const auto& [old_name, later] : params.rename) {
    if (old_name == name) return later;
  }
  return name;
}

/// The expression's column, by its place in `set`.
std::string set_column(std::size_t at) {
  return fmt::format("__dyna_set_{}", at);
}

StepResult<> check_names(const StandardizeParams& params,
                         const std::vector<SourceColumn>& columns) {
  for (const auto& [name, ignored] : params.rename) {
    STEP_TRY(known(columns, params.of, "rename", name));
  }
  for (const std::string& name : params.drop) STEP_TRY(known(columns, params.of, "drop", name));
  std::vector<std::string> names;
  for (const OutColumn& out : standardized_columns(params, columns)) {
    std::string lower = ascii_lower(out.name);
    if (std::ranges::find(names, lower) != names.end()) {
      return step_fail(TaskErrorCode::kInputInvalid,
                       fmt::format("the result has two columns '{}'", out.name), Phase::kPrepare);
    }
    names.push_back(std::move(lower));
  }
  return {};
}

/// Binds each expression alone first, so that an error can say which one it is.
std::string set_views(const StandardizeParams& params) {
  std::string out;
  for (std::size_t i = 0; i < params.set.size(); ++i) {
    out += fmt::format(
        "SELECT 'at' AS dyna, {0} AS rule;\n"
        "CREATE TEMP VIEW __dyna_view_{0} AS SELECT ({1}\n) AS v FROM {2};\n",
        i, params.set[i].second, quote_name(params.of));
  }
  return out + "SELECT 'at' AS dyna, -1 AS rule;\n";
}

/// Whether it is a unit of time ("year"), not a number of digits.
bool is_unit(std::string_view round) {
  return round.find_first_not_of("+-0123456789") != std::string_view::npos;
}

std::string cared(const ColumnCare& care, const SecureParams& params, const SourceColumn& column) {
  const std::string name = quote_name(column.name);
  const std::string text = name + "::VARCHAR";
  switch (care.care) {
    case Care::kDrop: return {};
    case Care::kKeep: return name;
    case Care::kHash: return fmt::format("sha256({}) AS {}", text, name);
    case Care::kToken: {
      const std::vector<std::string> keys = params.keys();
      const auto at = std::ranges::find(keys, care.key) - keys.begin();
      return fmt::format(
          "sha256(getvariable('{}{}') || unhex(sha256(getvariable('{}{}') || encode({})))) AS {}",
          kOuterPad, at, kInnerPad, at, text, name);
    }
    case Care::kMask:
      return fmt::format(
          "CASE WHEN length({0}) <= {1} THEN repeat('*', length({0}))\n"
          "      ELSE repeat('*', length({0}) - {1}) || right({0}, {1}) END AS {2}",
          text, care.last, name);
    case Care::kRound: break;
  }
  if (!is_unit(care.round)) return fmt::format("round({0}, {1}) AS {0}", name, care.round);
  return fmt::format("CAST(date_trunc('{1}', {0}) AS {2}) AS {0}", name, care.round, column.type);
}

bool is_number(std::string_view type) {
  for (const std::string_view name :
       {"TINYINT", "SMALLINT", "INTEGER", "BIGINT", "HUGEINT", "UTINYINT", "USMALLINT", "UINTEGER",
        "UBIGINT", "FLOAT", "DOUBLE", "DECIMAL"}) {
    if (type.starts_with(name)) return true;
  }
  return false;
}

StepResult<> check_round(const ColumnCare& care, const SourceColumn& column) {
  if (care.care != Care::kRound || column.type.empty()) return {};
  const bool unit = is_unit(care.round);
  const bool time = column.type == "DATE" || column.type.starts_with("TIMESTAMP");
  if (unit ? time : is_number(column.type)) return {};
  return step_fail(TaskErrorCode::kInputInvalid,
                   fmt::format("columns.{}: round: {} wants {}, the column is {}", care.column,
                               care.round, unit ? "a date or a time" : "a number", column.type),
                   Phase::kPrepare);
}

}  // namespace

std::vector<OutColumn> standardized_columns(const StandardizeParams& params,
                                            const std::vector<SourceColumn>& columns) {
  std::vector<OutColumn> out;
  const auto place = [&params](const std::string& name) {
    const auto found =
        std::ranges::find(params.set, name, &std::pair<std::string, std::string>::first);
    return found == params.set.end() ? -1 : static_cast<int>(found - params.set.begin());
  };
  const auto personal = [&](int at) {
    return at >= 0 && std::ranges::any_of(columns, [&](const SourceColumn& column) {
             return column.pii &&
                    mentions(params.set[static_cast<std::size_t>(at)].second, column.name);
           });
  };
  for (const SourceColumn& column : columns) {
    if (std::ranges::find(params.drop, column.name) != params.drop.end()) continue;
    const int at = place(column.name);
    out.push_back({new_name(params, column.name), column.name, at, column.pii || personal(at)});
  }
  for (std::size_t i = 0; i < params.set.size(); ++i) {
    const std::string& name = params.set[i].first;
    const int at = static_cast<int>(i);
    if (find_column(columns, name) == nullptr) out.push_back({name, "", at, personal(at)});
  }
  return out;
}

std::vector<Rule> lost_rules(const StandardizeParams& params,
                             const std::vector<SourceColumn>& columns) {
  std::vector<Rule> rules;
  if (params.on_lost == OnLost::kIgnore) return rules;
  for (std::size_t i = 0; i < params.set.size(); ++i) {
    const std::string& name = params.set[i].first;
    if (find_column(columns, name) == nullptr) continue;
    Rule rule;
    rule.name = "cast:" + name;
    rule.sql = fmt::format("{} IS NULL OR {} IS NOT NULL", quote_name(name), set_column(i));
    rule.severity = params.on_lost == OnLost::kFail   ? Severity::kFail
                    : params.on_lost == OnLost::kWarn ? Severity::kWarn
                                                      : Severity::kQuarantine;
    rule.bad_max = usual_bad_max(rule.severity);
    rules.push_back(std::move(rule));
  }
  return rules;
}

StepResult<std::string> compile_standardize(const StandardizeParams& params,
                                            const std::vector<SourceColumn>& columns) {
  STEP_TRY(check_names(params, columns));
  const std::vector<Rule> rules = lost_rules(params, columns);
  std::string sets;
  std::vector<std::string> hidden{"__dyna_bad"};
  for (std::size_t i = 0; i < params.set.size(); ++i) {
    sets += fmt::format(",\n    ({}\n) AS {}", params.set[i].second, set_column(i));
    hidden.push_back(set_column(i));
  }
  std::vector<std::string> unseen = pii_names(columns);
  unseen.insert(unseen.end(), hidden.begin(), hidden.end());
  std::string chosen;
  for (const OutColumn& out : standardized_columns(params, columns)) {
    chosen += fmt::format(
        "{}{} AS {}", chosen.empty() ? "" : ",\n    ",
        out.set >= 0 ? set_column(static_cast<std::size_t>(out.set)) : quote_name(out.source),
        quote_name(out.name));
  }
  const std::string clean = label_clean_condition(rules, Severity::kQuarantine);
  std::string result =
      fmt::format("SELECT {} FROM labelled WHERE {} ORDER BY rowid", chosen, clean);
  if (params.dedupe) {
    result = fmt::format(
        "SELECT * EXCLUDE (__dyna_at) FROM (\n"
        "  SELECT * EXCLUDE (__dyna_row), min(__dyna_row) AS __dyna_at FROM (\n"
        "    SELECT {},\n    rowid AS __dyna_row FROM labelled WHERE {}) GROUP BY ALL)\n"
        "  ORDER BY __dyna_at",
        chosen, clean);
  }
  return fmt::format("CREATE VIEW {} AS SELECT * FROM read_parquet('in/0');\n",
                     quote_name(params.of)) +
         functions_sql() + set_views(params) +
         fmt::format(
             "CREATE TABLE labelled AS SELECT *, {} AS __dyna_bad FROM (\n"
             "  SELECT *{} FROM {});\n",
             label_expression(rules), sets, quote_name(params.of)) +
         "SELECT 'at' AS dyna, -2 AS rule;\n"
         "SELECT 'loaded' AS dyna, count(*) AS n FROM labelled;\n" +
         label_report_sql("labelled", unseen) +
         label_copy_sql("labelled", rules, Severity::kQuarantine, hidden, kOutQuarantine) +
         label_copy_sql("labelled", rules, Severity::kFail, hidden, kOutFailed) +
         fmt::format("COPY ({}) TO {} (FORMAT parquet);\n", result, quote_text(kOutData)) +
         output_facts_sql();
}

StepResult<std::string> compile_secure(const SecureParams& params,
                                       const std::vector<SourceColumn>& columns) {
  for (const ColumnCare& care : params.columns) {
    STEP_TRY(known(columns, params.of, "columns", care.column));
    STEP_TRY(check_round(care, *find_column(columns, care.column)));
  }
  std::string chosen;
  for (const SourceColumn& column : columns) {
    const auto care = std::ranges::find(params.columns, column.name, &ColumnCare::column);
    const std::string value =
        care == params.columns.end() ? quote_name(column.name) : cared(*care, params, column);
    if (value.empty()) continue;
    chosen += (chosen.empty() ? "" : ",\n    ") + value;
  }
  if (chosen.empty()) {
    return step_fail(TaskErrorCode::kInputInvalid, "columns: nothing is left of the data",
                     Phase::kPrepare);
  }
  return fmt::format("COPY (SELECT {}\n  FROM read_parquet('in/0')) TO {} (FORMAT parquet);\n",
                     chosen, quote_text(kOutData)) +
         output_facts_sql();
}

}  // namespace cordyna::data
