#include "cerebro/subflows.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <optional>
#include <utility>

#include "base/hash.hpp"
#include "base/json_text.hpp"
#include "base/words.hpp"
#include "model/run_fields.hpp"

namespace cordyna {
namespace {

// Of a flow, so many of its newest runs are looked at for one that will do.
constexpr std::uint32_t kLookBack = 1000;

/// The id of the run that an attempt begins: the same whenever it is asked for.
RunId id_of(const StartAttempt& command) {
  const std::string name =
      fmt::format("{}/{}/{}", command.run_id.value, command.key.path, command.key.attempt);
  const std::uint64_t one = fnv1a(name);
  const std::uint64_t two = fnv1a("/", one);
  std::array<std::uint8_t, 10> bytes{};
  for (std::size_t i = 0; i < 8; ++i) bytes[i] = static_cast<std::uint8_t>(one >> (8 * i));
  for (std::size_t i = 8; i < 10; ++i) bytes[i] = static_cast<std::uint8_t>(two >> (8 * (i - 8)));
  return RunId{make_uuid7(command.created_at, bytes)};
}

const TaskSpec& spec_of(const StartAttempt& command) {
  return command.flow->tasks[command.task];
}

bool ended_well(RunState state) {
  return state == RunState::kCompleted || state == RunState::kWarning;
}

std::string name_of(const RunRow& run) {
  return fmt::format("run {} of flow {}", run.no,
                     run.ns.empty() ? run.flow_id : run.ns + '/' + run.flow_id);
}

/// What the task that waits for a run knows of it, and the outputs of that.
std::string outputs_of(const RunRow& run) {
  std::string out = fmt::format(R"({{"run":{{"id":{},"number":{},"state":"{}"}})",
                                json_string(run.id.value), run.no, to_string(run.state));
  if (run.outputs.size() > 2) {
    out += ',';
    out += std::string_view(run.outputs).substr(1);
  } else {
    out += '}';
  }
  return out;
}

bool is_of(const RunRow& run, const Subflow& wanted) {
  return run.flow_id == wanted.id && run.ns == wanted.ns;
}

std::pair<std::string, std::string> flow_of(const StartAttempt& command) {
  const Subflow& wanted = spec_of(command).subflow;
  return {wanted.ns, wanted.id};
}

/// The newest value of a run among changes that are not committed yet.
const RunRow* find_in(const ChangeSet& out, const RunId& id) {
  const auto found = std::ranges::find(out.runs.rbegin(), out.runs.rend(), id, &RunRow::id);
  return found == out.runs.rend() ? nullptr : &*found;
}

AttemptReport ended(const AttemptKey& key, Outcome outcome) {
  AttemptReport report;
  report.key = key;
  report.kind = ReportKind::kEnded;
  report.outcome = std::move(outcome);
  return report;
}

}  // namespace

void Subflows::start(const StartAttempt& command) {
  if (waits_.contains(command.key)) return;
  asked_.push_back(command);
}

bool Subflows::cancel(const CancelAttempt& command) {
  const auto asked = std::ranges::find(asked_, command.key, &StartAttempt::key);
  if (asked == asked_.end() && !waits_.contains(command.key)) return false;
  cancels_.insert(command.key);
  return true;
}

Result<> Subflows::advance(Millis now, const Hands& hands, const ChangeSet& out) {
  for (const AttemptKey& key : std::exchange(cancels_, {})) TRY(do_cancel(key, hands));
  seen_ = {};
  // What is begun may end at once, and who waits for it may then ask for one itself.
  std::size_t heard = 0;
  while (!asked_.empty() || heard < out.runs.size()) {
    if (!asked_.empty()) {
      const StartAttempt command = std::move(asked_.front());
      asked_.pop_front();
      TRY(look(now, command, hands, out));
      continue;
    }
    const RunRow run = out.runs[heard++];
    if (is_final(run.state)) TRY(hear(run, hands, out));
  }
  return {};
}

Result<> Subflows::do_cancel(const AttemptKey& key, const Hands& hands) {
  const auto asked = std::ranges::find(asked_, key, &StartAttempt::key);
  if (asked != asked_.end()) {  // after a restart, it may have begun one before
    const StartAttempt command = std::move(*asked);
    asked_.erase(asked);
    const auto known = store_.find_run(id_of(command));
    if (known.has_value()) {
      TRY(wait(command, {*known, true}, hands));
    } else if (known.error().code != ErrorCode::kNotFound) {
      return std::unexpected(known.error());
    } else {
      report_cancelled(key, hands);
    }
  }
  const auto waits = waits_.find(key);
  if (waits == waits_.end()) return {};
  if (waits->second.own) {
    waits->second.cancelled = true;
    hands.cancel(waits->second.run);  // its end is heard of
    return {};
  }
  (void)forget(key);  // a run that was joined goes on for others
  report_cancelled(key, hands);
  return {};
}

Result<> Subflows::look(Millis now, const StartAttempt& command, const Hands& hands,
                        const ChangeSet& out) {
  const Subflow& wanted = spec_of(command).subflow;
  const RunId id = id_of(command);
  if (const RunRow* row = find_in(out, id); row != nullptr) {
    return wait(command, {*row, true}, hands);
  }
  const auto known = store_.find_run(id);
  if (known.has_value()) return wait(command, {*known, true}, hands);
  if (known.error().code != ErrorCode::kNotFound) return std::unexpected(known.error());

  // Without inputs any run of the flow will do, and its file need not be read for that.
  if (wanted.within > 0 && wanted.inputs.empty()) {
    TRY_ASSIGN(const std::unique_ptr<Found> found, find_run(command, {}, out));
    if (found != nullptr) return wait(command, *found, hands);
  }
  TRY_ASSIGN(Result<engine::RunStart> run, prepare(now, command));
  if (wanted.within > 0 && !wanted.inputs.empty() && run.has_value()) {
    TRY_ASSIGN(const std::unique_ptr<Found> found, find_run(command, run->inputs, out));
    if (found != nullptr) return wait(command, *found, hands);
  }
  if (!run.has_value()) {
    const auto code = run.error().code == ErrorCode::kInvalidArgument ? TaskErrorCode::kInputInvalid
                                                                      : TaskErrorCode::kFlowMissing;
    fail_attempt(command, make_task_error(code, Phase::kPrepare, run.error().message), hands);
    return {};
  }
  const std::shared_ptr<const Flow> flow = run->flow;
  const auto no = hands.start(std::move(*run));
  if (!no.has_value()) {
    fail_attempt(command,
                 make_task_error(TaskErrorCode::kFlowMissing, Phase::kPrepare, no.error().message),
                 hands);
    return {};
  }
  const RunRow* row = find_in(out, id);
  if (row == nullptr) return fail(ErrorCode::kInternal, "a run that was begun has no row");
  return wait(command, {*row, true}, hands);
}

/// The run that an attempt begins. The inner errors are the attempt's, the outer ones the store's.
Result<Result<engine::RunStart>> Subflows::prepare(Millis now, const StartAttempt& command) {
  const Subflow& wanted = spec_of(command).subflow;
  TRY_ASSIGN(const RunRow parent, store_.find_run(command.key.run));
  using Prepared = Result<engine::RunStart>;
  auto found = ports_.find(wanted.ns, wanted.id, command.flow->folder);
  // What is wrong with the other flow's file is no input of this task.
  if (!found.has_value()) return Prepared(fail(ErrorCode::kNotFound, found.error().message));
  engine::RunStart run;
  run.id = id_of(command);
  run.scheduled = {{}, parent.scheduled.at, parent.scheduled.interval_from};
  const std::string context =
      fmt::format(R"({{"run":{{{}}}}})", run_fields(run.id, now, run.scheduled));
  auto inputs = inputs_of(*found->flow, command, context);
  if (!inputs.has_value()) {
    return Prepared(fail(ErrorCode::kInvalidArgument, inputs.error().message));
  }
  TRY_ASSIGN(std::string endless, endless_why(parent, wanted, *inputs));
  if (!endless.empty()) return Prepared(fail(ErrorCode::kConflict, std::move(endless)));
  run.inputs = std::move(*inputs);
  run.flow = std::move(found->flow);
  run.canonical = std::move(found->canonical);
  run.parent = command.key.run;
  run.parent_path = command.key.path;
  return Prepared(std::move(run));
}

Result<std::string> Subflows::inputs_of(const Flow& flow, const StartAttempt& command,
                                        std::string_view run_context) const {
  std::string given = spec_of(command).subflow.inputs;
  if (given.empty()) given = "{}";
  TRY_ASSIGN(given, evaluator_.render_json(given, command.context));
  return ports_.inputs(flow, given, run_context);
}

/// Why a run may begin no other, of the flow that is wanted, with these inputs; empty: it may.
Result<std::string> Subflows::endless_why(RunRow run, const Subflow& wanted,
                                          const std::string& inputs) {
  std::set<std::pair<std::string, std::string>> flows{{wanted.ns, wanted.id}};
  bool again = false;
  for (int depth = 1;; ++depth) {
    again = !flows.insert({run.ns, run.flow_id}).second || again;
    // What it did so far it would do again, and each of its attempts once more.
    if (is_of(run, wanted) && !is_final(run.state) && run.inputs == inputs) {
      return fmt::format(
          "{} waits for this one, and with the same inputs would begin itself "
          "without an end",
          name_of(run));
    }
    if (again && depth >= kFlowCircleMax) {
      return fmt::format(
          "flows begin each other {} deep, one of them again and again: does it begin itself, "
          "without an end?",
          kFlowCircleMax);
    }
    if (depth >= kFlowDepthMax) {
      return fmt::format("flows begin each other {} deep, and no deeper", kFlowDepthMax);
    }
    if (run.parent == 0) return std::string();
    auto parent = store_.find_run(run.parent);
    if (!parent.has_value() && parent.error().code == ErrorCode::kNotFound) return std::string();
    if (!parent.has_value()) return std::unexpected(parent.error());
    run = std::move(*parent);
  }
}

Result<std::vector<RunRow>> Subflows::runs_of(const Subflow& wanted, const ChangeSet& out) {
  RunFilter filter;
  filter.flow_id = wanted.id;
  filter.ns = wanted.ns;
  filter.limit = kLookBack;
  TRY_ASSIGN(std::vector<RunRow> runs, store_.list_runs(filter));
  for (const RunRow& row : out.runs) {
    if (!is_of(row, wanted)) continue;
    const auto known = std::ranges::find(runs, row.no, &RunRow::no);
    if (known != runs.end()) {
      *known = row;
    } else {
      runs.insert(runs.begin(), row);
    }
  }
  std::erase_if(runs, [](const RunRow& run) { return !run.backfill.empty(); });
  return runs;
}

/// A run that will do, or that will be waited for, or that says that none will. Null: there is
/// none. `inputs`: only runs with these; empty: with any.
Result<std::unique_ptr<Subflows::Found>> Subflows::find_run(const StartAttempt& command,
                                                            const std::string& inputs,
                                                            const ChangeSet& out) {
  const Subflow& wanted = spec_of(command).subflow;
  if (seen_.of != flow_of(command) || seen_.changes != out.runs.size()) {
    TRY_ASSIGN(seen_.runs, runs_of(wanted, out));
    seen_.of = flow_of(command);
    seen_.changes = out.runs.size();
  }
  const std::vector<RunRow>& runs = seen_.runs;
  const RunRow* live = nullptr;
  const RunRow* bad = nullptr;
  for (const RunRow& run : runs) {
    if (run.no == command.key.run || (!inputs.empty() && run.inputs != inputs)) continue;
    if (!is_final(run.state)) {
      if (live == nullptr) live = &run;
    } else if (!ended_well(run.state)) {
      if (bad == nullptr && run.created_at >= command.created_at) bad = &run;
    } else if (run.ended_at >= command.created_at - wanted.within) {
      return std::make_unique<Found>(Found{run, false});
    }
  }
  if (live != nullptr) return std::make_unique<Found>(Found{*live, false});
  if (bad != nullptr) return std::make_unique<Found>(Found{*bad, false});
  return std::unique_ptr<Found>();
}

/// By which attempts a run waits for another, at last; nullopt: it does not.
std::optional<std::vector<AttemptKey>> Subflows::path_to(RunNo run, RunNo other) const {
  std::map<RunNo, std::vector<AttemptKey>> seen{{run, {}}};
  std::vector<RunNo> next{run};
  while (!next.empty()) {
    const RunNo at = next.back();
    next.pop_back();
    const std::vector<AttemptKey>& so_far = seen.at(at);
    if (at == other) return so_far;
    for (auto wait = waits_.lower_bound({at, {}, 0}); wait != waits_.end() && wait->first.run == at;
         ++wait) {
      std::vector<AttemptKey> path = so_far;
      path.push_back(wait->first);
      if (seen.emplace(wait->second.run, std::move(path)).second) next.push_back(wait->second.run);
    }
  }
  return std::nullopt;
}

/// After a restart waits come back in any order: where one for a run of its own closes a circle,
/// one for a run that was joined gives in.
void Subflows::break_circles(const StartAttempt& command, RunNo own, const Hands& hands) {
  for (auto path = path_to(own, command.key.run); path.has_value();
       path = path_to(own, command.key.run)) {
    const auto joined =
        std::ranges::find_if(*path, [this](const AttemptKey& key) { return !waits_.at(key).own; });
    if (joined == path->end()) return;
    const Wait wait = forget(*joined);
    fail_attempt(wait.command, circle_error(wait.run), hands);
  }
}

Subflows::Wait Subflows::forget(const AttemptKey& key) {
  Wait wait = std::move(waits_.extract(key).mapped());
  if (wait.own) {
    by_run_.erase(wait.run);
    return wait;
  }
  const auto [begin, end] = joins_.equal_range(flow_of(wait.command));
  joins_.erase(std::find_if(begin, end, [&](const auto& at) { return at.second == key; }));
  return wait;
}

TaskError Subflows::circle_error(RunNo run) {
  TaskError error = make_task_error(
      TaskErrorCode::kRunFailed, Phase::kPrepare,
      fmt::format(
          "run {} waits for this run, and this one for it: flows need each other in a circle",
          run));
  error.retryable = false;
  return error;
}

Result<> Subflows::wait(const StartAttempt& command, const Found& found, const Hands& hands) {
  const RunRow& run = found.run;
  const TaskSpec& spec = spec_of(command);
  const bool over = is_final(run.state);
  AttemptReport started;
  started.key = command.key;
  started.kind = ReportKind::kStarted;
  started.detail = (found.own ? "" : over ? "will do: " : "joins ") + name_of(run);
  if (!over && !found.own && path_to(run.no, command.key.run).has_value()) {
    fail_attempt(command, circle_error(run.no), hands);
    return {};
  }
  if (!over && found.own && spec.subflow.wait) break_circles(command, run.no, hands);
  hands.report(started);
  if (found.own && !spec.subflow.wait) {
    Outcome outcome;
    outcome.outputs = outputs_of(run);
    outcome.note = fmt::format("has begun {}", name_of(run));
    hands.report(ended(command.key, std::move(outcome)));
    return {};
  }
  if (over) return end(command, run, hands, {});
  waits_[command.key] = {command, run.no, found.own, false};
  if (found.own) {
    by_run_.emplace(run.no, command.key);
  } else {
    joins_.emplace(flow_of(command), command.key);
  }
  const auto taken = hands.take_up(run);
  if (taken.has_value()) return {};
  if (taken.error().code == ErrorCode::kUnavailable) return std::unexpected(taken.error());
  // It is there, but can never go on: that is this attempt's misfortune, and nobody else's (R18).
  forget(command.key);
  fail_attempt(
      command,
      make_task_error(TaskErrorCode::kFlowMissing, Phase::kPrepare,
                      fmt::format("{} cannot go on: {}", name_of(run), taken.error().message)),
      hands);
  return {};
}

Result<> Subflows::hear(const RunRow& run, const Hands& hands, const ChangeSet& out) {
  if (const auto found = by_run_.find(run.no); found != by_run_.end()) {
    const AttemptKey key = found->second;
    by_run_.erase(found);
    const Wait wait = std::move(waits_.extract(key).mapped());
    if (wait.cancelled && run.state == RunState::kCancelled) {
      report_cancelled(key, hands);
    } else {
      TRY(end(wait.command, run, hands, out));
    }
  }
  // Another run of the flow than the one that was joined may have refreshed it.
  const auto [begin, last] = joins_.equal_range({run.ns, run.flow_id});
  for (auto at = begin; at != last; ++at) {
    asked_.push_back(std::move(waits_.extract(at->second).mapped().command));
  }
  joins_.erase(begin, last);
  return {};
}

Result<> Subflows::end(const StartAttempt& command, const RunRow& run, const Hands& hands,
                       const ChangeSet& out) {
  Outcome outcome;
  outcome.outputs = outputs_of(run);
  outcome.note = fmt::format("{} ended: {}", name_of(run), to_string(run.state));
  outcome.warnings = run.state == RunState::kWarning ? 1 : 0;
  if (!ended_well(run.state) && !spec_of(command).subflow.go_on) {
    TRY_ASSIGN(TaskError error, error_of(run, out));
    fail_attempt(command, std::move(error), hands);
    return {};
  }
  hands.report(ended(command.key, std::move(outcome)));
  return {};
}

/// Of a run that did not end well: what its first task in error says, and whose that is.
Result<TaskError> Subflows::error_of(const RunRow& run, const ChangeSet& out) {
  TaskError error = make_task_error(TaskErrorCode::kRunFailed, Phase::kRun, {});
  error.message = fmt::format("{} ended: {}", name_of(run), to_string(run.state));
  error.retryable = run.state == RunState::kError;
  if (run.error.has_value()) {
    error.message += "; " + run.error->message;
    error.owner = run.error->owner;
    return error;
  }
  if (run.state != RunState::kError) return error;
  TRY_ASSIGN(RunSnapshot rows, store_.load_run(run.no));
  for (const TaskRow& row : out.tasks) {
    if (row.run == run.no) rows.tasks.push_back(row);
  }
  const TaskRow* first = nullptr;
  for (const TaskRow& row : rows.tasks) {
    if (row.state != TaskState::kError || !row.error.has_value()) continue;
    if (first == nullptr || row.ended_at < first->ended_at) first = &row;
  }
  if (first == nullptr) return error;
  error.message += fmt::format("; task '{}': {}: {}", first->path, info(first->error->code).name,
                               first->error->message);
  error.owner = first->error->owner;
  // A flow that is not there, or begins itself, stays so: each level that tried again would
  // multiply the runs below it.
  const bool may_pass =
      first->error->retryable || (first->error->code != TaskErrorCode::kFlowMissing &&
                                  first->error->code != TaskErrorCode::kRunFailed);
  error.retryable = error.retryable && may_pass;
  return error;
}

void Subflows::report_cancelled(const AttemptKey& key, const Hands& hands) {
  Outcome outcome;
  outcome.state = AttemptState::kCancelled;
  hands.report(ended(key, std::move(outcome)));
}

void Subflows::fail_attempt(const StartAttempt& command, TaskError error, const Hands& hands) {
  Outcome outcome;
  outcome.state = AttemptState::kFailed;
  outcome.error = std::move(error);
  hands.report(ended(command.key, std::move(outcome)));
}

}  // namespace cordyna
