#include "engine/run_begin.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "base/json_text.hpp"
#include "model/run_fields.hpp"

namespace cordyna::engine {
namespace {

std::string_view or_empty_object(const std::string& json) {
  return json.empty() ? std::string_view("{}") : std::string_view(json);
}

void write_state(const RunRow& run, std::string detail, Millis now, std::int64_t& seq,
                 Decision& out) {
  HistoryRow row;
  row.run = run.no;
  row.seq = ++seq;
  row.at = std::max(now, run.created_at);
  row.run_state = run.state;
  row.detail = std::move(detail);
  out.changes.history.push_back(std::move(row));
}

}  // namespace

RunRow row_of(const RunStart& start, Millis now) {
  RunRow run;
  run.no = start.no;
  run.id = start.id;
  run.flow_id = start.flow->id;
  run.ns = start.flow->ns;
  run.flow_hash = start.flow->hash;
  run.folder = start.flow->folder;
  run.inputs = start.inputs;
  run.scheduled = start.scheduled;
  run.rerun_of = start.rerun_of;
  run.backfill = start.backfill;
  run.concurrency_key = start.concurrency_key;
  run.parent = start.parent;
  run.parent_path = start.parent_path;
  run.no_cache = start.no_cache;
  run.created_at = now;
  run.state = RunState::kPending;
  return run;
}

std::string names_of(const Flow& flow, const RunRow& run) {
  std::string out = fmt::format(R"("run":{{"number":{},{}}})", run.no,
                                run_fields(run.id, run.created_at, run.scheduled));
  fmt::format_to(std::back_inserter(out),
                 R"(,"flow":{{"id":{},"namespace":{},"owner":{}}},"inputs":{},"labels":{})",
                 json_string(flow.id), json_string(flow.ns), json_string(flow.owner),
                 or_empty_object(run.inputs), or_empty_object(flow.labels));
  return out;
}

std::string render_vars(const Flow& flow, const RunRow& run, const Evaluator& evaluator) {
  if (flow.vars.find('{', 1) == std::string::npos) return flow.vars;
  auto vars = evaluator.render_json(flow.vars, "{" + names_of(flow, run) + "}");
  if (!vars.has_value()) return flow.vars;
  return std::move(*vars);
}

Result<std::string> concurrency_key(const Flow& flow, const RunRow& run,
                                    const Evaluator& evaluator) {
  const std::string& key = flow.concurrency.key;
  if (key.find('{') == std::string::npos) return key;
  const std::string names = fmt::format(
      R"({{{},"vars":{},"trigger":{{"id":{}}}}})", names_of(flow, run),
      or_empty_object(render_vars(flow, run, evaluator)), json_string(run.scheduled.trigger));
  auto text = evaluator.render(key, names);
  if (!text.has_value()) return fail("'concurrency.key' cannot be rendered", text.error());
  if (text->size() <= kConcurrencyKeyMax) return text;
  return fail(ErrorCode::kInvalidArgument,
              fmt::format("'concurrency.key' gives {} bytes, and may give {} at most", text->size(),
                          kConcurrencyKeyMax));
}

std::vector<TaskRow> take_over(const RunRow& run, std::vector<TaskRow> taken, Millis now,
                               std::int64_t& seq, Decision& out) {
  for (TaskRow& row : taken) {
    TaskRow own;
    own.run = run.no;
    own.path = std::move(row.path);
    own.state = row.state;
    own.warnings = row.warnings;
    own.ended_at = now;
    own.outputs = std::move(row.outputs);
    HistoryRow history;
    history.run = run.no;
    history.seq = ++seq;
    history.at = now;
    history.path = own.path;
    history.task_state = own.state;
    history.detail = fmt::format("taken over from run {}", run.rerun_of);
    out.changes.history.push_back(std::move(history));
    out.changes.tasks.push_back(own);
    row = std::move(own);
  }
  return taken;
}

RunSnapshot record(RunRow run, RunStart start, std::string detail, Millis now, Decision& out) {
  const Flow& flow = *start.flow;
  out.changes.flows.push_back({flow.hash, flow.id, flow.ns, std::move(start.canonical)});
  RunSnapshot snapshot;
  out.changes.runs.push_back(run);
  write_state(run, std::move(detail), now, snapshot.history_seq, out);
  if (!is_final(run.state)) {
    snapshot.tasks = take_over(run, std::move(start.taken), now, snapshot.history_seq, out);
  }
  run.from = run.state;
  snapshot.run = std::move(run);
  return snapshot;
}

void end_pending(RunSnapshot& run, std::string detail, Millis now, Decision& out) {
  run.run.state = RunState::kCancelled;
  run.run.cancel_requested = true;
  run.run.ended_at = now;
  out.changes.runs.push_back(run.run);
  write_state(run.run, std::move(detail), now, run.history_seq, out);
  out.ended.push_back(run.run.no);
}

}  // namespace cordyna::engine
