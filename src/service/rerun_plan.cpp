#include "service/rerun_plan.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <boost/json.hpp>
#include <filesystem>
#include <iterator>
#include <system_error>
#include <utility>
#include <vector>

#include "flow/given_json.hpp"

namespace cordyna {
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

Result<json::object> inputs_of(const RunRow& run) {
  json::error_code error;
  json::value inputs = json::parse(run.inputs.empty() ? "{}" : run.inputs, error);
  if (!error && inputs.is_object()) return std::move(inputs.get_object());
  return fail(ErrorCode::kCorrupt, fmt::format("the inputs of run {} are no JSON", run.no));
}

bool is_among(const flow::GivenInputs& given, std::string_view id) {
  return std::ranges::find(given, id, [](const auto& one) -> const std::string& {
           return one.first;
         }) != given.end();
}

/// What is to be read anew, and by what: inputs that are not among it were looked at when the run
/// began, and their defaults were drawn then.
struct Asked {
  Flow flow;
  flow::GivenInputs given;
};

/// The run's values of inputs that are declared otherwise now have to fit the new declaration.
Result<Asked> asked_of(const RerunWish& wish, const RerunVersion& version,
                       const json::object& old) {
  Asked asked{*version.flow, wish.with};
  const auto is_new = [&version](const InputSpec& input) {
    return version.newer.has_value() && std::ranges::count(version.newer->inputs, input.id) > 0;
  };
  json::object again;
  for (InputSpec& input : asked.flow.inputs) {
    const json::value* const before = old.if_contains(input.id);
    if (is_new(input) && (before == nullptr || before->is_null())) continue;
    if (is_new(input) && !is_among(asked.given, input.id)) again[input.id] = *before;
    input.required = false;
    input.default_value.clear();
  }
  TRY_ASSIGN(flow::GivenInputs kept, flow::given_of_json(asked.flow, json::serialize(again)));
  std::ranges::move(kept, std::back_inserter(asked.given));
  for (TaskSpec& task : asked.flow.tasks) task.contract = {};  // of all inputs together: below
  return asked;
}

/// The inputs of the run, with those that are given now in their place, as the version has them.
Result<Inputs> changed_inputs(const RerunWish& wish, const RerunVersion& version, const RunRow& run,
                              const std::string& run_context) {
  if (wish.with.empty() && !version.newer.has_value()) {
    return Inputs{run.inputs.empty() ? "{}" : run.inputs, false};
  }
  TRY_ASSIGN(json::object inputs, inputs_of(run));
  TRY_ASSIGN(const Asked asked, asked_of(wish, version, inputs));
  flow::InputPlaces places;
  places.folder = wish.folder;
  places.bounds = wish.bounds;
  TRY_ASSIGN(const std::string given,
             flow::resolve_inputs(asked.flow, asked.given, run_context, places));
  const json::value fresh = json::parse(given);
  bool changed = false;
  for (const InputSpec& input : asked.flow.inputs) {
    const json::value* const now = fresh.as_object().if_contains(input.id);
    const json::value* const before = inputs.if_contains(input.id);
    if (now == nullptr || (now->is_null() && before != nullptr)) continue;  // it stays
    const bool same = before != nullptr && *before == *now;
    changed = changed || (!same && is_among(wish.with, input.id));
    inputs[input.id] = *now;
  }
  json::object known;
  for (const auto& [id, value] : inputs) {
    const auto named =
        std::ranges::find(version.flow->inputs, std::string_view(id), &InputSpec::id);
    if (named != version.flow->inputs.end()) known[id] = value;
  }
  Inputs all{json::serialize(known), changed};
  TRY(flow::check_contracts(*version.flow, all.all));
  return all;
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

Result<RerunVersion> rerun_version(StoreReader& reader, const FlowLoader& loader, const RunRow& run,
                                   bool latest) {
  TRY_ASSIGN(FlowVersionRow had, reader.find_flow(run.flow_hash));
  RerunVersion version;
  if (!latest) {
    TRY_ASSIGN(version.flow, loader(had.canonical, run.folder));
    version.canonical = std::move(had.canonical);
    return version;
  }
  const auto applied = reader.find_applied(run.ns, run.flow_id);
  if (!applied.has_value() && applied.error().code != ErrorCode::kNotFound) {
    return std::unexpected<Error>(applied.error());
  }
  if (!applied.has_value() || applied->removed_at != 0) {
    return fail(ErrorCode::kConflict,
                fmt::format("flow '{}' is not applied, so that it has no latest version: 'dyna "
                            "apply' of its file makes one",
                            flow_name(run.ns, run.flow_id)));
  }
  TRY_ASSIGN(FlowVersionRow now, reader.find_flow(applied->hash));
  TRY_ASSIGN(version.flow, loader(now.canonical, applied->folder));
  TRY_ASSIGN(version.newer, new_work(had.canonical, now.canonical));
  version.canonical = std::move(now.canonical);
  return version;
}

Result<RerunPlan> plan_rerun(const StateLayout& layout, const RerunVersion& version,
                             const RunSnapshot& snapshot, const RerunWish& wish,
                             const std::string& run_context) {
  const RunRow& run = snapshot.run;
  TRY(check_ended(run));
  TRY_ASSIGN(Inputs inputs, changed_inputs(wish, version, run, run_context));
  engine::TakeoverWish tasks{wish.from, inputs.changed, tasks_without_data(layout, snapshot.tasks)};
  if (version.newer.has_value()) {
    tasks.all = tasks.all || version.newer->shared;
    tasks.changed = version.newer->tasks;
  }
  RerunPlan plan;
  TRY_ASSIGN(plan.tasks, engine::plan_takeover(*version.flow, snapshot.tasks, tasks));
  plan.inputs = std::move(inputs.all);
  if (!plan.tasks.again.empty() || !ended_well(run.state)) return plan;
  return fail(ErrorCode::kConflict,
              fmt::format("run {} lacks nothing ({}): --from TASK says from where on it is to "
                          "run again, --with KEY=VALUE gives it another input",
                          run.no, to_string(run.state)));
}

}  // namespace cordyna
