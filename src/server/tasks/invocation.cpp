#include "server/tasks/invocation.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

#include "base/json_text.hpp"
#include "protocol/cause.hpp"
#include "shape/schema.hpp"

namespace cordyna::server {
namespace {

namespace json = boost::json;

json::object object_of(const std::string& text) {
  json::error_code error;
  json::value value = json::parse(text, error);
  return !error && value.is_object() ? std::move(value.get_object()) : json::object();
}

std::string text_in(const json::object& object, std::string_view name) {
  const json::value* value = object.if_contains(name);
  return value != nullptr && value->is_string() ? std::string(value->get_string()) : std::string();
}

network::Invocation basics(const AttemptKey& key, const RunId& run, const Flow& flow,
                           TaskIndex task, const json::object& params) {
  network::Invocation made;
  made.key = key;
  made.run_id = run;
  made.server = {flow.ns, text_in(params, "server")};
  made.task = text_in(params, "task");
  if (made.task.empty()) made.task = flow.id;
  made.slot_class = text_in(params, "slot_class");
  if (made.slot_class.empty()) made.slot_class = kUsualSlots;
  made.timeouts = flow.tasks[task].timeouts;
  made.output = flow.tasks[task].contract.output;
  return made;
}

/// The needs that were met: a run of a flow has its id there.
std::string upstream_json(const json::object& context) {
  json::array out;
  const json::value* outputs = context.if_contains("outputs");
  if (outputs == nullptr || !outputs->is_object()) return "[]";
  for (const auto& [name, value] : outputs->get_object()) {
    constexpr std::string_view kFlow = "flow:";
    if (!std::string_view(name).starts_with(kFlow) || !value.is_object()) continue;
    json::object given = value.get_object();
    json::object one;
    one["task"] = std::string_view(name).substr(kFlow.size());
    const json::value* run = given.if_contains("run");
    one["run"] = run != nullptr && run->is_object() ? text_in(run->get_object(), "id") : "";
    given.erase("run");
    one["output"] = std::move(given);
    out.push_back(std::move(one));
  }
  return json::serialize(out);
}

/// Those of the run: what is not given is null there, and nothing to a server.
std::string given_inputs(const json::object& context) {
  const json::value* inputs = context.if_contains("inputs");
  if (inputs == nullptr || !inputs->is_object()) return "{}";
  json::object given;
  for (const auto& [name, value] : inputs->get_object()) {
    if (!value.is_null()) given.emplace(name, value);
  }
  return json::serialize(given);
}

}  // namespace

Result<network::Invocation> invocation_of(const StartAttempt& command, const Evaluator& evaluator) {
  const TaskSpec& spec = command.flow->tasks[command.task];
  const json::object params = object_of(spec.params);
  network::Invocation made =
      basics(command.key, command.run_id, *command.flow, command.task, params);
  const json::object context = object_of(command.context);
  if (const json::value* given = params.if_contains("inputs"); given != nullptr) {
    TRY_ASSIGN(made.inputs, evaluator.render_json(json::serialize(*given), command.context));
  } else {
    made.inputs = given_inputs(context);
  }
  made.upstream = upstream_json(context);
  made.trigger = protocol::trigger_json(command);
  return made;
}

Result<> check_inputs(const StartAttempt& command, const std::string& inputs) {
  const auto& check = command.flow->tasks[command.task].contract.own_inputs;
  if (check == nullptr) return {};
  const std::vector<Flaw> flaws = check->flaws_of(inputs);
  if (flaws.empty()) return {};
  return fail(ErrorCode::kInvalidArgument, shape::as_line(flaws, "#/inputs"));
}

network::Invocation invocation_of(const CancelAttempt& command) {
  const json::object params = object_of(command.flow->tasks[command.task].params);
  network::Invocation made =
      basics(command.key, command.run_id, *command.flow, command.task, params);
  made.inputs = made.trigger = "{}";
  made.upstream = "[]";
  return made;
}

}  // namespace cordyna::server
