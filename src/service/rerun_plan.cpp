#include "service/rerun_plan.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <boost/json.hpp>
#include <filesystem>
#include <system_error>
#include <utility>
#include <vector>

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

/// The inputs of the run, with those that are given now in their place.
Result<Inputs> changed_inputs(const RerunWish& wish, const Flow& flow, const RunRow& run,
                              const std::string& run_context) {
  Inputs inputs{run.inputs.empty() ? "{}" : run.inputs, false};
  if (wish.with.empty()) return inputs;
  // Only what is given is checked: the others were, and their defaults have been drawn.
  Flow asked = flow;
  for (InputSpec& input : asked.inputs) {
    input.required = false;
    input.default_value.clear();
  }
  for (TaskSpec& task : asked.tasks) task.contract = {};  // of all inputs together: below
  flow::InputPlaces places;
  places.folder = wish.folder;
  places.bounds = wish.bounds;
  TRY_ASSIGN(const std::string given, flow::resolve_inputs(asked, wish.with, run_context, places));
  json::error_code error;
  json::value old = json::parse(inputs.all, error);
  const json::value fresh = error ? json::value() : json::parse(given, error);
  if (error || !old.is_object() || !fresh.is_object()) {
    return fail(ErrorCode::kCorrupt, fmt::format("the inputs of run {} are no JSON", run.no));
  }
  for (const auto& [name, value] : wish.with) {
    const json::value* now = fresh.get_object().if_contains(name);
    if (now == nullptr) continue;
    const json::value* before = old.get_object().if_contains(name);
    if (before != nullptr && *before == *now) continue;
    old.get_object()[name] = *now;
    inputs.changed = true;
  }
  if (!inputs.changed) return inputs;
  inputs.all = json::serialize(old);
  TRY(flow::check_contracts(flow, inputs.all));
  return inputs;
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

Result<RerunPlan> plan_rerun(const StateLayout& layout, const Flow& flow,
                             const RunSnapshot& snapshot, const RerunWish& wish,
                             const std::string& run_context) {
  const RunRow& run = snapshot.run;
  TRY(check_ended(run));
  TRY_ASSIGN(Inputs inputs, changed_inputs(wish, flow, run, run_context));
  RerunPlan plan;
  TRY_ASSIGN(plan.tasks, engine::plan_takeover(flow, snapshot.tasks,
                                               {wish.from, inputs.changed,
                                                tasks_without_data(layout, snapshot.tasks)}));
  plan.inputs = std::move(inputs.all);
  if (!plan.tasks.again.empty() || !ended_well(run.state)) return plan;
  return fail(ErrorCode::kConflict,
              fmt::format("run {} lacks nothing ({}): --from TASK says from where on it is to "
                          "run again, --with KEY=VALUE gives it another input",
                          run.no, to_string(run.state)));
}

}  // namespace cordyna
