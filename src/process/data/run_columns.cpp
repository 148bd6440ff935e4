/// Standardizes and secures.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "process/data/compile.hpp"
#include "process/data/hmac_pads.hpp"
#include "process/data/runner.hpp"
#include "process/data/step_secrets.hpp"

namespace cordyna::data {
namespace {

std::unexpected<TaskError> broken_expression(const StandardizeParams& params,
                                             const ScriptEnd& end) {
  const std::int64_t at = rule_at(parse_facts(end.lines));
  std::string message = end.error;
  if (at >= 0) {
    const auto& [column, sql] = params.set[static_cast<std::size_t>(at)];
    message = fmt::format("set.{}: {} [{}]", column, message, sql);
  }
  return step_fail(TaskErrorCode::kSqlFailed, message);
}

/// The keys come in the environment, as preparer.hpp says, and go on as pads only.
StepResult<> hand_over_keys(StepRun& run, const SecureParams& secure) {
  const std::vector<std::string> keys = secure.keys();
  for (std::size_t i = 0; i < keys.size(); ++i) {
    STEP_TRY_ASSIGN(const std::string key, handed_secret(run.step, keys[i]));
    HmacPads pads = hmac_pads(key);
    run.duckdb.set_secret(fmt::format("{}{}", kInnerPad, i), std::move(pads.inner));
    run.duckdb.set_secret(fmt::format("{}{}", kOuterPad, i), std::move(pads.outer));
  }
  return {};
}

}  // namespace

StepResult<> run_standardize(StepRun& run, const StandardizeParams& standardize) {
  STEP_TRY_ASSIGN(const Upstream upstream, run.open_upstream(standardize.of));
  STEP_TRY_ASSIGN(const std::string script, compile_standardize(standardize, upstream.columns));
  STEP_TRY_ASSIGN(const ScriptEnd end, run.run(script));
  if (end.failed) return broken_expression(standardize, end);
  const std::vector<Fact> facts = parse_facts(end.lines);
  const std::int64_t rows = run.take_rows(facts);
  const std::vector<OutColumn> columns = standardized_columns(standardize, upstream.columns);
  run.mark_pii([&columns](const std::string& name) {
    const auto found = std::ranges::find(columns, name, &OutColumn::name);
    return found != columns.end() && found->pii;
  });
  STEP_TRY_ASSIGN(const std::int64_t quarantined, keep_bad_rows(run, facts));
  const std::vector<Rule> rules = lost_rules(standardize, upstream.columns);
  const std::vector<std::string> failures = judge_rules(run, rules, facts, rows);
  if (!failures.empty()) {
    return step_fail(
        TaskErrorCode::kCheckFailed,
        fmt::format("values of {} were lost: {}; on_lost: ignore lets them go, quarantine sets "
                    "their rows aside",
                    standardize.of, fmt::join(failures, "; ")));
  }
  const std::int64_t duplicates = rows - quarantined - run.report.rows;
  run.report.counts.emplace_back("duplicates", duplicates);
  STEP_TRY_ASSIGN(run.report.data, run.keep(kOutData, ""));
  run.say(fmt::format("{} rows in, {} out, {} quarantined, {} duplicates, {} columns",
                      grouped(rows), grouped(run.report.rows), grouped(quarantined),
                      grouped(duplicates), run.report.schema.size()));
  return {};
}

StepResult<> run_secure(StepRun& run, const SecureParams& secure) {
  STEP_TRY(hand_over_keys(run, secure));
  STEP_TRY_ASSIGN(const Upstream upstream, run.open_upstream(secure.of));
  STEP_TRY_ASSIGN(const std::string script, compile_secure(secure, upstream.columns));
  STEP_TRY_ASSIGN(const std::vector<Fact> facts, run.query(script));
  run.take_output_facts(facts);
  run.report.rows_in = run.report.rows;
  run.mark_pii([&](const std::string& name) {
    const auto care = std::ranges::find(secure.columns, name, &ColumnCare::column);
    const bool treated = care != secure.columns.end() && care->care != Care::kKeep;
    return !treated && has_pii(upstream, name);
  });
  STEP_TRY_ASSIGN(run.report.data, run.keep(kOutData, ""));
  const std::vector<std::string> open = pii_names(run.report.schema);
  run.say(fmt::format("{} rows, {} columns treated, {} dropped{}", grouped(run.report.rows),
                      secure.columns.size(), upstream.columns.size() - run.report.schema.size(),
                      open.empty() ? "" : fmt::format("; still open: {}", fmt::join(open, ", "))));
  return {};
}

}  // namespace cordyna::data
