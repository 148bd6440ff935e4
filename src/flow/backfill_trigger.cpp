#include <fmt/format.h>

#include <algorithm>
#include <boost/json.hpp>

#include "base/nearest.hpp"
#include "flow/flow_file.hpp"
#include "flow/path_input.hpp"
#include "template/template.hpp"

namespace cordyna::flow {
namespace {

namespace json = boost::json;

std::string text_of(const json::value& value) {
  return std::string(value.get_string().data(), value.get_string().size());
}

Result<GivenInputs> read_inputs(const std::string& text) {
  GivenInputs given;
  if (text.empty()) return given;
  const auto corrupt = fail(ErrorCode::kCorrupt, "the inputs of a backfill cannot be read");
  json::error_code error;
  const json::value value = json::parse(text, error);
  if (error || !value.is_array()) return corrupt;
  for (const json::value& pair : value.get_array()) {
    if (!pair.is_array() || pair.get_array().size() != 2) return corrupt;
    const json::array& both = pair.get_array();
    if (!both[0].is_string() || !both[1].is_string()) return corrupt;
    given.emplace_back(text_of(both[0]), text_of(both[1]));
  }
  return given;
}

Result<TriggerSpec> find_trigger(const Flow& flow, const std::string& id) {
  const auto found = std::ranges::find(flow.triggers, id, &TriggerSpec::id);
  if (found != flow.triggers.end()) return *found;
  std::vector<std::string_view> names;
  names.reserve(flow.triggers.size());
  for (const TriggerSpec& one : flow.triggers) names.emplace_back(one.id);
  if (names.empty()) {
    return fail(ErrorCode::kInvalidArgument,
                fmt::format("flow '{}' has no trigger '{}': it has none at all", flow.id, id));
  }
  const std::string near = nearest(id, names);
  return fail(ErrorCode::kInvalidArgument,
              fmt::format("flow '{}' has no trigger '{}'; {}", flow.id, id,
                          near.empty() ? fmt::format("it has {}", fmt::join(names, ", "))
                                       : fmt::format("did you mean '{}'?", near)));
}

}  // namespace

Result<TriggerSpec> backfill_trigger(const Flow& flow, const BackfillRow& backfill) {
  TriggerSpec trigger;
  if (!backfill.trigger.empty()) {
    TRY_ASSIGN(trigger, find_trigger(flow, backfill.trigger));
  }
  TRY_ASSIGN(const GivenInputs given, read_inputs(backfill.inputs));
  for (const auto& [name, value] : given) {
    std::erase_if(trigger.inputs, [&name = name](const auto& one) { return one.first == name; });
  }
  trigger.inputs.insert(trigger.inputs.end(), given.begin(), given.end());
  return trigger;
}

std::string backfill_inputs(const GivenInputs& given) {
  json::array pairs;
  for (const auto& [name, value] : given) pairs.push_back(json::array{name, value});
  return json::serialize(pairs);
}

Result<> check_backfill_files(const Flow& flow, const GivenInputs& given,
                              const FileBounds& bounds) {
  for (const auto& [name, text] : given) {
    const auto input = std::ranges::find(flow.inputs, name, &InputSpec::id);
    if (input == flow.inputs.end() || input->type != InputType::kFile) continue;
    const Result<> right =
        tmpl::has_template(text)
            ? fail(ErrorCode::kInvalidArgument, "wants a file, and from afar it takes no template")
            : check_bounds(text, flow.folder, bounds);
    if (right.has_value()) continue;
    return fail(right.error().code, fmt::format("input '{}' {}", name, right.error().message));
  }
  return {};
}

}  // namespace cordyna::flow
