/// Rules as SQL: each predicate once, into a list of the rules that a row breaks.
///
/// `NOT p` of a NULL is NULL: such a row would be neither good nor bad. So each predicate is
/// coalesced to true, and `required` is a rule of its own.
/// Pure. Threads: any.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "process/data/step.hpp"

namespace cordyna::data {

/// A condition: the row breaks no rule at all.
[[nodiscard]] std::string label_holds(const std::vector<Rule>& rules);
/// A list expression: the places in `rules` of those that the row breaks.
[[nodiscard]] std::string label_expression(const std::vector<Rule>& rules);

/// Statements over `table`, whose column __dyna_bad is such a list: rows broken per rule ("rule"),
/// three samples of each ("sample") without the columns `unseen`.
[[nodiscard]] std::string label_report_sql(std::string_view table,
                                           const std::vector<std::string>& unseen);

/// Writes rows that break a rule of `severity` to `path`, with the names of those rules in the
/// column dyna_reasons, and with the column `more`, an expression with its name, if there is one;
/// the columns `hidden` are left out. Empty: there is no such rule.
[[nodiscard]] std::string label_copy_sql(std::string_view table, const std::vector<Rule>& rules,
                                         Severity severity, const std::vector<std::string>& hidden,
                                         std::string_view path, std::string_view more = {});

/// Conditions: the row breaks a rule of `severity` (empty: there is no such rule), or none.
[[nodiscard]] std::string label_condition(const std::vector<Rule>& rules, Severity severity);
[[nodiscard]] std::string label_clean_condition(const std::vector<Rule>& rules, Severity severity);

}  // namespace cordyna::data
