#include "process/data/runner.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <boost/json.hpp>
#include <cerrno>
#include <cstring>

#include "process/data/compile.hpp"
#include "process/data/files.hpp"

namespace cordyna::data {
namespace {

namespace json = boost::json;

std::string text_field(const json::object& row, std::string_view key) {
  const json::value* value = row.if_contains(json::string_view(key.data(), key.size()));
  if (value == nullptr || value->is_null()) return {};
  if (const json::string* text = value->if_string()) return {text->data(), text->size()};
  return json::serialize(*value);
}

std::int64_t number_field(const json::object& row, std::string_view key, std::int64_t otherwise) {
  const json::value* value = row.if_contains(json::string_view(key.data(), key.size()));
  if (value == nullptr) return otherwise;
  if (value->is_int64()) return value->get_int64();
  if (value->is_double()) return static_cast<std::int64_t>(value->get_double());
  const json::string* text = value->if_string();  // HUGEINT, UBIGINT come as text
  if (text == nullptr || text->empty()) return otherwise;
  return std::strtoll(text->c_str(), nullptr, 10);
}

Fact fact_of(const json::object& row) {
  Fact fact;
  fact.kind = text_field(row, "dyna");
  fact.name = text_field(row, "name");
  fact.type = text_field(row, "type");
  fact.severity = text_field(row, "severity");
  fact.text = text_field(row, "text");
  if (row.contains("raw")) fact.text = text_field(row, "raw");
  if (row.contains("sample")) fact.text = text_field(row, "sample");
  const json::value* reasons = row.if_contains("reasons");
  if (reasons != nullptr && reasons->is_array()) {
    for (const json::value& reason : reasons->get_array()) {
      if (reason.is_string()) fact.reasons.emplace_back(reason.get_string().c_str());
    }
  }
  fact.n = number_field(row, row.contains("bad") ? "bad" : "n", 0);
  fact.rule = number_field(row, "rule", -1);
  fact.source = number_field(row, "source", -1);
  fact.line = number_field(row, "line", 0);
  for (const std::string_view key : {"cast_bad", "kept", "invalid"}) {
    fact.extra += number_field(row, key, 0);
  }
  fact.encoding = text_field(row, "encoding") == "true";
  return fact;
}

std::string artifact_path(const Step& step, const std::string& kind) {
  // Of a task inside of another, "choose/clean", the last part: each has a folder of its own.
  const std::string name = step.id.substr(step.id.rfind('/') + 1);
  return fmt::format("{}/{}{}.parquet", step.paths.artifacts, name, kind.empty() ? "" : "." + kind);
}

StepResult<> kept(const Result<>& published) {
  if (published.has_value()) return {};
  const bool full = is_no_space(published.error());
  return step_fail(full ? TaskErrorCode::kNoSpace : TaskErrorCode::kInternal,
                   published.error().message, Phase::kInfra);
}

}  // namespace

std::vector<Fact> parse_facts(const std::vector<std::string>& lines) {
  std::vector<Fact> facts;
  for (const std::string& line : lines) {
    boost::system::error_code error;
    const json::value value = json::parse(line, error);
    if (error.failed() || !value.is_object() || !value.get_object().contains("dyna")) continue;
    facts.push_back(fact_of(value.get_object()));
  }
  return facts;
}

StepResult<> StepRun::link_input(std::size_t at, const std::string& path) {
  const std::string link = step.paths.work + "/" + input_path(at);
  if (symlink(path.c_str(), link.c_str()) != 0) {
    return step_fail(TaskErrorCode::kInternal,
                     fmt::format("cannot link {}: {}", link, std::strerror(errno)), Phase::kInfra);
  }
  inputs.push_back(input_path(at));
  return {};
}

StepResult<> StepRun::relink_input(std::size_t at, std::string_view file) {
  const std::string link = step.paths.work + "/" + input_path(at);
  const std::string target = fmt::format("{}/{}", step.paths.work, file);
  if (unlink(link.c_str()) == 0 && symlink(target.c_str(), link.c_str()) == 0) return {};
  return step_fail(TaskErrorCode::kInternal,
                   fmt::format("cannot link {}: {}", link, std::strerror(errno)), Phase::kInfra);
}

StepResult<> StepRun::link_upstream(std::size_t at, const Upstream& upstream) {
  const Result<FileStamp> stamp = stamp_file(upstream.path);
  if (!stamp.has_value()) {
    return step_fail(TaskErrorCode::kSourceUnavailable,
                     fmt::format("the data of '{}': {}", upstream.id, stamp.error().message));
  }
  return link_input(at, upstream.path);
}

StepResult<ScriptEnd> StepRun::run(const std::string& script) {
  return duckdb.run(script, inputs);
}

StepResult<std::vector<Fact>> StepRun::query(const std::string& script, TaskErrorCode code) {
  STEP_TRY_ASSIGN(const ScriptEnd end, run(script));
  if (end.failed) return step_fail(code, end.error);
  return parse_facts(end.lines);
}

StepResult<std::string> StepRun::keep(std::string_view file, const std::string& kind) {
  const std::string from = fmt::format("{}/{}", step.paths.work, file);
  const std::string to = artifact_path(step, kind);
  STEP_TRY(kept(publish(from, to)));
  if (!kind.empty()) report.files.emplace_back(kind + "_file", to);
  return to;
}

StepResult<std::string> StepRun::keep_as_it_is(const Upstream& upstream) {
  const std::string to = artifact_path(step, "");
  STEP_TRY(kept(publish_again(upstream.path, to)));
  return to;
}

void StepRun::warn(std::string message) {
  say("warning: " + message);
  report.warnings.push_back(std::move(message));
}

void StepRun::take_output_facts(const std::vector<Fact>& facts) {
  report.schema.clear();
  report.null_rates.clear();
  for (const Fact& fact : facts) {
    if (fact.kind == "column") report.schema.push_back({fact.name, fact.type});
    if (fact.kind == "out") report.rows = fact.n;
  }
  for (const Fact& fact : facts) {
    if (fact.kind != "nulls" || fact.n == 0 || report.rows == 0) continue;
    const bool column = std::ranges::any_of(
        report.schema, [&fact](const SourceColumn& known) { return known.name == fact.name; });
    if (column) {
      report.null_rates.emplace_back(
          fact.name, static_cast<double>(fact.n) / static_cast<double>(report.rows));
    }
  }
}

std::int64_t StepRun::take_rows(const std::vector<Fact>& facts) {
  std::int64_t rows = 0;
  for (const Fact& fact : facts) {
    if (fact.kind == "loaded") rows = fact.n;
  }
  report.rows_in = rows;
  take_output_facts(facts);
  return rows;
}

void StepRun::mark_pii(const std::function<bool(const std::string& name)>& is_pii) {
  for (SourceColumn& column : report.schema) column.pii = is_pii(column.name);
}

StepResult<Upstream> StepRun::open_upstream(const std::string& id) {
  STEP_TRY_ASSIGN(const Upstream* found, need_upstream(step, id));
  STEP_TRY(link_upstream(0, *found));
  std::vector<Upstream> one{*found};
  STEP_TRY(complete_columns(one));
  return std::move(one[0]);
}

StepResult<> StepRun::complete_columns(std::vector<Upstream>& sources) {
  bool complete = true;
  for (const Upstream& source : sources) complete = complete && !source.columns.empty();
  if (complete) return {};
  for (Upstream& source : sources) source.columns.clear();
  STEP_TRY_ASSIGN(const std::vector<Fact> facts, query(compile_describe(sources.size())));
  for (const Fact& fact : facts) {
    if (fact.kind != "column") continue;
    sources[static_cast<std::size_t>(fact.source)].columns.push_back({fact.name, fact.type});
  }
  return {};
}

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

std::int64_t rule_at(const std::vector<Fact>& facts) {
  std::int64_t rule = -1;
  for (const Fact& fact : facts) {
    if (fact.kind == "at") rule = fact.rule;
  }
  return rule;
}

std::vector<std::string> judge_rules(StepRun& run, const std::vector<Rule>& rules,
                                     const std::vector<Fact>& facts, std::int64_t rows) {
  std::vector<std::int64_t> bad(rules.size(), 0);
  for (const Fact& fact : facts) {
    if (fact.kind == "rule") bad[static_cast<std::size_t>(fact.rule)] = fact.n;
  }
  std::vector<std::string> failures;
  for (std::size_t i = 0; i < rules.size(); ++i) {
    const Rule& rule = rules[i];
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

StepResult<std::int64_t> keep_bad_rows(StepRun& run, const std::vector<Fact>& facts) {
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
  return quarantined;
}

std::string grouped(std::int64_t n) {
  std::string digits = std::to_string(n);
  const std::size_t first = digits.starts_with('-') ? 1 : 0;
  for (std::size_t at = digits.size(); at > first + 3;) {
    at -= 3;
    digits.insert(at, ",");
  }
  return digits;
}

bool exceeds(const Rule& rule, std::int64_t bad, std::int64_t rows) {
  if (bad == 0) return false;
  if (rule.bad_percent_max.has_value()) {
    const double percent = 100.0 * static_cast<double>(bad) / static_cast<double>(rows);
    // A bound by number and one by share: within either is within.
    return percent > *rule.bad_percent_max && (bad > rule.bad_max || rule.bad_max == INT64_MAX);
  }
  return bad > rule.bad_max;
}

std::string rule_finding(const Rule& rule, std::int64_t bad, std::int64_t rows,
                         const std::vector<std::string>& samples) {
  std::string out = fmt::format("{}: {} of {} rows", rule.name, grouped(bad), grouped(rows));
  constexpr std::size_t kSampleBytes = 300;
  for (std::size_t i = 0; i < samples.size(); ++i) {
    out += i == 0 ? ", as " : ", ";
    out += samples[i].size() > kSampleBytes ? samples[i].substr(0, kSampleBytes) + "…" : samples[i];
  }
  return out;
}

}  // namespace cordyna::data
