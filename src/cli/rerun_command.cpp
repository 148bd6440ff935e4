// dyna rerun: a new run that takes over what an earlier one completed.
#include <fmt/format.h>

#include <algorithm>
#include <boost/json.hpp>
#include <filesystem>
#include <system_error>
#include <utility>

#include "base/id.hpp"
#include "cli/commands.hpp"
#include "cli/run_lookup.hpp"
#include "cli/text.hpp"
#include "engine/takeover.hpp"
#include "model/run_fields.hpp"

namespace cordyna::cli {
namespace {

namespace json = boost::json;

/// Whether a value names a file of a run's folder that is not there any more.
bool names_what_is_gone(const json::value& value, const std::string& runs) {
  if (value.is_string()) {
    const std::string path(value.get_string().data(), value.get_string().size());
    std::error_code error;
    return path.starts_with(runs) && !std::filesystem::exists(path, error) && !error;
  }
  const auto gone = [&runs](const json::value& inner) { return names_what_is_gone(inner, runs); };
  if (value.is_array()) return std::ranges::any_of(value.get_array(), gone);
  if (!value.is_object()) return false;
  return std::ranges::any_of(value.get_object(),
                             [&gone](const auto& member) { return gone(member.value()); });
}

/// Tasks whose outputs name files that were removed, as data about persons is after its run.
std::vector<std::string> tasks_without_data(const StateLayout& layout,
                                            const std::vector<TaskRow>& tasks) {
  std::error_code error;
  const std::string runs =
      std::filesystem::absolute(layout.folder(), error).lexically_normal().string() + "/runs/";
  std::vector<std::string> gone;
  for (const TaskRow& row : tasks) {
    if (row.outputs.empty()) continue;
    json::error_code wrong;
    const json::value outputs = json::parse(row.outputs, wrong);
    if (!wrong && names_what_is_gone(outputs, runs)) gone.push_back(row.path);
  }
  return gone;
}

struct Inputs {
  std::string all;  // JSON object
  bool changed = false;
};

/// The inputs of the run, with those that are given now in their place.
Result<Inputs> changed_inputs(const Arguments& arguments, const Flow& flow, const RunRow& run,
                              const std::string& run_context) {
  Inputs inputs{run.inputs.empty() ? "{}" : run.inputs, false};
  if (arguments.inputs.empty()) return inputs;
  // Only what is given is checked: the others were, and their defaults have been drawn.
  Flow asked = flow;
  for (InputSpec& input : asked.inputs) {
    input.required = false;
    input.default_value.clear();
  }
  TRY_ASSIGN(const std::string given, flow::resolve_inputs(asked, arguments.inputs, run_context,
                                                           {{}, working_folder().value_or("")}));
  json::error_code error;
  json::value old = json::parse(inputs.all, error);
  const json::value fresh = error ? json::value() : json::parse(given, error);
  if (error || !old.is_object() || !fresh.is_object()) {
    return fail(ErrorCode::kCorrupt, fmt::format("the inputs of run {} are no JSON", run.no));
  }
  for (const auto& [name, value] : arguments.inputs) {
    const json::value* now = fresh.get_object().if_contains(name);
    if (now == nullptr) continue;
    const json::value* before = old.get_object().if_contains(name);
    if (before != nullptr && *before == *now) continue;
    old.get_object()[name] = *now;
    inputs.changed = true;
  }
  if (inputs.changed) inputs.all = json::serialize(old);
  return inputs;
}

std::string list_text(const std::vector<std::string>& tasks) {
  return tasks.empty() ? std::string("nothing") : fmt::format("{}", fmt::join(tasks, ", "));
}

void append_list(std::string& out, std::string_view key, const std::vector<std::string>& tasks) {
  out += fmt::format(",\"{}\":[", key);
  for (const std::string& task : tasks) {
    if (&task != tasks.data()) out += ',';
    append_json(out, task);
  }
  out += ']';
}

std::string plan_text(const RunRow& run, const engine::Takeover& plan, bool as_json) {
  if (!as_json) {
    return fmt::format("rerun of run {} of {}\n  taken over: {}\n  runs again: {}\n", run.no,
                       run.flow_id, list_text(plan.taken), list_text(plan.again));
  }
  std::string out = fmt::format("{{\"rerun_of\":{}", run.no);
  append_list(out, "taken", plan.taken);
  append_list(out, "again", plan.again);
  return out + "}\n";
}

Result<> check_ended(const RunRow& run) {
  if (is_final(run.state)) return {};
  return fail(ErrorCode::kConflict,
              fmt::format("run {} has not ended ({}): only a run that has can be run again; 'dyna "
                          "resume {}' takes it up, 'dyna cancel {}' ends it",
                          run.no, to_string(run.state), run.no, run.no));
}

bool ended_well(RunState state) {
  return state == RunState::kCompleted || state == RunState::kWarning;
}

}  // namespace

CommandResult rerun_command(CommandContext& context) {
  const Arguments& arguments = context.arguments;
  TRY_ASSIGN(const StateLayout layout, state_here(context));
  Work work;
  RunRow run;
  engine::Takeover plan;
  {
    TRY_ASSIGN(const std::unique_ptr<StoreReader> reader, context.parts.open_reader(layout));
    TRY_ASSIGN(run, find_run(*reader, arguments.run));
    TRY(check_ended(run));
    TRY_ASSIGN(work.flow, load_flow(*reader, run));
    TRY_ASSIGN(const RunSnapshot snapshot, reader->load_run(run.no));
    work.request.run = RunId{make_uuid7(context.parts.clock->now())};
    const std::string run_context = fmt::format(
        R"({{"run":{{{}}}}})", run_fields(work.request.run, run.created_at, run.scheduled));
    TRY_ASSIGN(Inputs inputs, changed_inputs(arguments, *work.flow, run, run_context));
    work.request.inputs = std::move(inputs.all);
    TRY_ASSIGN(plan, engine::plan_takeover(*work.flow, snapshot.tasks,
                                           {arguments.from, inputs.changed,
                                            tasks_without_data(layout, snapshot.tasks)}));
  }
  if (plan.again.empty() && ended_well(run.state)) {
    return fail(ErrorCode::kConflict,
                fmt::format("run {} lacks nothing ({}): --from TASK says from where on it is to "
                            "run again, --with KEY=VALUE gives it another input",
                            run.no, to_string(run.state)));
  }
  if (arguments.dry_run) {
    context.output.write(plan_text(run, plan, arguments.json));
    return ExitCode::kOk;
  }
  work.request.op = OwnerOp::kRerun;
  work.request.of = run.no;
  work.request.no_cache = arguments.no_cache;
  work.request.taken = std::move(plan.taken);
  Signals signals;  // before any thread
  Session session(context.parts, layout, session_settings(context), signals, context.output,
                  make_renderer(context, {}));
  std::vector<Work> all;
  all.push_back(std::move(work));
  return session.drive(std::move(all));
}

}  // namespace cordyna::cli
