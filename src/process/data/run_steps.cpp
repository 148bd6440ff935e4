/// Checks, merges and transforms.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include "process/data/compile.hpp"
#include "process/data/runner.hpp"

namespace cordyna::data {
namespace {

StepResult<const Upstream*> need_upstream(const Step& step, const std::string& id) {
  const Upstream* upstream = find_upstream(step, id);
  if (upstream != nullptr) return upstream;
  return step_fail(TaskErrorCode::kInputInvalid, fmt::format("task '{}' left no data to read", id),
                   Phase::kPrepare);
}

std::vector<std::string> samples_of(const std::vector<Fact>& facts, std::string_view kind,
                                    std::int64_t at) {
  std::vector<std::string> out;
  for (const Fact& fact : facts) {
    if (fact.kind == kind && (fact.rule == at || fact.source == at)) out.push_back(fact.text);
  }
  return out;
}

/// Which rule a failed check script stopped at: each rule announces itself before its view.
std::int64_t rule_at(const std::vector<Fact>& facts) {
  std::int64_t rule = -1;
  for (const Fact& fact : facts) {
    if (fact.kind == "at") rule = fact.rule;
  }
  return rule;
}

StepResult<> name_broken_rule(StepRun& run, const CheckParams& check, const ScriptEnd& end) {
  std::int64_t rule = rule_at(parse_facts(end.lines));
  std::string message = end.error;
  if (rule < 0) {
    // All rules bind, one of them fails on some row: each is tried alone.
    STEP_TRY_ASSIGN(const ScriptEnd probe, run.run(compile_rule_probe(check)));
    if (probe.failed) {
      rule = rule_at(parse_facts(probe.lines));
      message = probe.error;
    }
  }
  if (rule >= 0) {
    const Rule& broken = check.rules[static_cast<std::size_t>(rule)];
    message = fmt::format("rule '{}': {} [{}]", broken.name, message, broken.sql);
  }
  return step_fail(TaskErrorCode::kSqlFailed, message);
}

/// What the rules found, told; those that fail the step come back.
std::vector<std::string> judge_rules(StepRun& run, const CheckParams& check,
                                     const std::vector<Fact>& facts, std::int64_t rows) {
  std::vector<std::int64_t> bad(check.rules.size(), 0);
  for (const Fact& fact : facts) {
    if (fact.kind == "rule") bad[static_cast<std::size_t>(fact.rule)] = fact.n;
  }
  std::vector<std::string> failures;
  for (std::size_t i = 0; i < check.rules.size(); ++i) {
    const Rule& rule = check.rules[i];
    run.report.checks.push_back({rule.name, rule.severity, bad[i]});
    if (bad[i] == 0) continue;
    std::vector<std::string> samples = samples_of(facts, "sample", static_cast<std::int64_t>(i));
    const bool passes = !exceeds(rule, bad[i], rows);
    if (passes) samples.clear();
    std::string finding = rule_finding(rule, bad[i], rows, samples);
    if (passes) {
      run.say((rule.severity == Severity::kQuarantine ? "quarantined: " : "let pass: ") + finding);
    } else if (rule.severity == Severity::kWarn) {
      run.warn(std::move(finding));
    } else {
      failures.push_back(std::move(finding));
    }
  }
  return failures;
}

StepResult<> keep_bad_rows(StepRun& run, const std::vector<Fact>& facts) {
  std::int64_t quarantined = 0;
  for (const Fact& fact : facts) {
    if (fact.kind != "copied" || fact.n == 0) continue;
    if (fact.severity == "quarantine") {
      quarantined = fact.n;
      STEP_TRY(run.keep(kOutQuarantine, "quarantine"));
    } else {
      STEP_TRY(run.keep(kOutFailed, "failed"));
    }
  }
  run.report.counts.emplace_back("quarantined", quarantined);
  return {};
}

/// A merge that DuckDB refused: for keys that are there twice, those keys.
TaskError merge_error(const MergeParams& merge, const ScriptEnd& end) {
  const std::vector<Fact> facts = parse_facts(end.lines);
  for (const Fact& fact : facts) {
    if (fact.kind != "twice" || fact.n == 0) continue;
    return make_task_error(
        TaskErrorCode::kMergeFailed, Phase::kRun,
        fmt::format("{} is expected, but {} has {} keys ({}) more than once, as {}; `dedupe` can "
                    "choose among them",
                    to_string(merge.expect), merge.of[static_cast<std::size_t>(fact.source)],
                    grouped(fact.n), fmt::join(merge.on, ", "),
                    fmt::join(samples_of(facts, "twice_sample", fact.source), ", ")));
  }
  return make_task_error(TaskErrorCode::kSqlFailed, Phase::kRun, end.error);
}

/// Columns that upstream tasks did not report are looked up.
StepResult<> complete_columns(StepRun& run, std::vector<Upstream>& sources) {
  bool complete = true;
  for (const Upstream& source : sources) complete = complete && !source.columns.empty();
  if (complete) return {};
  for (Upstream& source : sources) source.columns.clear();
  STEP_TRY_ASSIGN(const std::vector<Fact> facts, run.query(compile_describe(sources.size())));
  for (const Fact& fact : facts) {
    if (fact.kind != "column") continue;
    sources[static_cast<std::size_t>(fact.source)].columns.push_back({fact.name, fact.type});
  }
  return {};
}

void tell_merge(StepRun& run, const MergeParams& merge, const std::vector<Fact>& facts) {
  std::int64_t rows_in = 0;
  std::int64_t removed = 0;
  std::int64_t conflicts = 0;
  std::vector<std::string> sources;
  for (const Fact& fact : facts) {
    if (fact.kind == "conflicts") conflicts = fact.n;
    if (fact.kind == "unmatched") {
      run.report.unmatched.emplace_back(merge.of[static_cast<std::size_t>(fact.source)], fact.n);
    }
    if (fact.kind != "source") continue;
    rows_in += fact.n;
    removed += fact.n - fact.extra;
    sources.push_back(
        fmt::format("{} of {}", grouped(fact.n), merge.of[static_cast<std::size_t>(fact.source)]));
  }
  run.report.rows_in = rows_in;
  run.report.counts.emplace_back("duplicates", removed);
  run.report.counts.emplace_back("conflicts", conflicts);
  run.say(fmt::format("{} rows in, {} out ({} join), {} duplicates removed, {} conflicts",
                      fmt::join(sources, " and "), grouped(run.report.rows), to_string(merge.how),
                      grouped(removed), grouped(conflicts)));
  for (const auto& [source, count] : run.report.unmatched) {
    if (count > 0) run.say(fmt::format("{} rows of {} have no partner", grouped(count), source));
  }
}

}  // namespace

StepResult<> run_check(StepRun& run, const CheckParams& check) {
  STEP_TRY_ASSIGN(const Upstream* upstream, need_upstream(run.step, check.of));
  STEP_TRY(run.link_upstream(0, *upstream));
  STEP_TRY_ASSIGN(const ScriptEnd end, run.run(compile_check(check)));
  if (end.failed) return name_broken_rule(run, check, end);
  const std::vector<Fact> facts = parse_facts(end.lines);
  std::int64_t rows = 0;
  for (const Fact& fact : facts) {
    if (fact.kind == "loaded") rows = fact.n;
  }
  run.report.rows_in = rows;
  run.take_output_facts(facts);
  STEP_TRY(keep_bad_rows(run, facts));
  const std::vector<std::string> failures = judge_rules(run, check, facts, rows);
  if (!failures.empty()) {
    return step_fail(TaskErrorCode::kCheckFailed,
                     fmt::format("{} of {} rules do not hold for {}: {}", failures.size(),
                                 check.rules.size(), check.of, fmt::join(failures, "; ")));
  }
  STEP_TRY_ASSIGN(run.report.data, run.keep(kOutData, ""));
  run.say(fmt::format("{} rows in, {} out, {} quarantined; {} rules, {} warnings", grouped(rows),
                      grouped(run.report.rows), grouped(rows - run.report.rows), check.rules.size(),
                      run.report.warnings.size()));
  return {};
}

StepResult<> run_merge(StepRun& run, const MergeParams& merge) {
  std::vector<Upstream> sources;
  for (const std::string& id : merge.of) {
    STEP_TRY_ASSIGN(const Upstream* upstream, need_upstream(run.step, id));
    STEP_TRY(run.link_upstream(sources.size(), *upstream));
    sources.push_back(*upstream);
  }
  STEP_TRY(complete_columns(run, sources));
  STEP_TRY_ASSIGN(const std::string script, compile_merge(merge, sources));
  STEP_TRY_ASSIGN(const ScriptEnd end, run.run(script));
  if (end.failed) return std::unexpected<TaskError>(merge_error(merge, end));
  const std::vector<Fact> facts = parse_facts(end.lines);
  run.take_output_facts(facts);
  tell_merge(run, merge, facts);
  for (const Fact& fact : facts) {
    if (fact.kind == "conflicts" && fact.n > 0) STEP_TRY(run.keep(kOutConflicts, "conflicts"));
  }
  STEP_TRY_ASSIGN(run.report.data, run.keep(kOutData, ""));
  return {};
}

StepResult<> run_transform(StepRun& run, const TransformParams& transform) {
  for (std::size_t i = 0; i < run.step.upstream.size(); ++i) {
    STEP_TRY(run.link_upstream(i, run.step.upstream[i]));
  }
  STEP_TRY_ASSIGN(const std::vector<Fact> columns,
                  run.query(compile_transform_look(transform, run.step.upstream)));
  std::vector<std::string> huge;
  for (const Fact& fact : columns) {
    if (fact.type == "HUGEINT" || fact.type == "UHUGEINT") huge.push_back(fact.name);
  }
  STEP_TRY_ASSIGN(const std::vector<Fact> facts,
                  run.query(compile_transform(transform, run.step.upstream, huge)));
  run.take_output_facts(facts);
  STEP_TRY_ASSIGN(run.report.data, run.keep(kOutData, ""));
  run.say(fmt::format("{} rows, {} columns", grouped(run.report.rows), run.report.schema.size()));
  return {};
}

}  // namespace cordyna::data
