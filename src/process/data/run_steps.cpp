/// Checks, merges and transforms.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "process/data/compile.hpp"
#include "process/data/runner.hpp"

namespace cordyna::data {
namespace {

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

/// A merge that DuckDB refused: for keys that are there twice, those keys.
TaskError merge_error(const MergeParams& merge, const std::vector<Upstream>& sources,
                      const ScriptEnd& end) {
  const std::vector<Fact> facts = parse_facts(end.lines);
  for (const Fact& fact : facts) {
    if (fact.kind != "twice" || fact.n == 0) continue;
    const bool secret = std::ranges::any_of(
        merge.on, [&sources](const std::string& key) { return has_pii(sources, key); });
    const std::vector<std::string> samples =
        secret ? std::vector<std::string>{"(they tell about persons)"}
               : samples_of(facts, "twice_sample", fact.source);
    return make_task_error(
        TaskErrorCode::kMergeFailed, Phase::kRun,
        fmt::format("{} is expected, but {} has {} keys ({}) more than once, as {}; `dedupe` can "
                    "choose among them",
                    to_string(merge.expect), merge.of[static_cast<std::size_t>(fact.source)],
                    grouped(fact.n), fmt::join(merge.on, ", "), fmt::join(samples, ", ")));
  }
  return make_task_error(TaskErrorCode::kSqlFailed, Phase::kRun, end.error);
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
  STEP_TRY_ASSIGN(const Upstream upstream, run.open_upstream(check.of));
  STEP_TRY_ASSIGN(const ScriptEnd end, run.run(compile_check(check, upstream.columns)));
  if (end.failed) return name_broken_rule(run, check, end);
  const std::vector<Fact> facts = parse_facts(end.lines);
  STEP_TRY_ASSIGN(const std::int64_t quarantined, keep_bad_rows(run, facts));
  const std::int64_t rows = run.take_rows(facts);
  if (quarantined > 0) {
    STEP_TRY_ASSIGN(const std::vector<Fact> rest,
                    run.query(compile_check_rest(upstream.columns, rows)));
    run.take_output_facts(rest);
  }
  run.mark_pii([&upstream](const std::string& name) { return has_pii(upstream, name); });
  const std::vector<std::string> failures = judge_rules(run, check.rules, facts, rows);
  if (!failures.empty()) {
    return step_fail(TaskErrorCode::kCheckFailed,
                     fmt::format("{} of {} rules do not hold for {}: {}", failures.size(),
                                 check.rules.size(), check.of, fmt::join(failures, "; ")));
  }
  STEP_TRY_ASSIGN(run.report.data,
                  quarantined > 0 ? run.keep(kOutData, "") : run.keep_as_it_is(upstream));
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
  STEP_TRY(run.complete_columns(sources));
  STEP_TRY_ASSIGN(const std::string script, compile_merge(merge, sources));
  STEP_TRY_ASSIGN(const ScriptEnd end, run.run(script));
  if (end.failed) return std::unexpected<TaskError>(merge_error(merge, sources, end));
  const std::vector<Fact> facts = parse_facts(end.lines);
  run.take_output_facts(facts);
  run.mark_pii([&sources](const std::string& name) { return has_pii(sources, name); });
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
  // By name: SQL that gives such a column another one, or a part of it, is its author's word.
  run.mark_pii([&](const std::string& name) {
    return has_pii(run.step.upstream, name) &&
           std::ranges::find(transform.declassify, name) == transform.declassify.end();
  });
  STEP_TRY_ASSIGN(run.report.data, run.keep(kOutData, ""));
  run.say(fmt::format("{} rows, {} columns", grouped(run.report.rows), run.report.schema.size()));
  return {};
}

}  // namespace cordyna::data
