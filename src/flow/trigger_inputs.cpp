#include <algorithm>
#include <filesystem>

#include "flow/flow_file.hpp"
#include "template/template.hpp"

namespace cordyna::flow {
namespace {

/// Whoever wrote the flow says that files there are for its runs.
std::string absolute_folder(const Flow& flow, const std::string& folder) {
  return (std::filesystem::path(flow.folder) / folder).lexically_normal().string();
}

}  // namespace

Result<std::string> trigger_inputs(const Flow& flow, const TriggerSpec& trigger,
                                   std::string_view run_context, const FileBounds* bounds) {
  GivenInputs given;
  InputPlaces places;
  places.bounds = bounds;
  FileBounds wider;
  if (bounds != nullptr && trigger.type == TriggerType::kFile) {
    wider = *bounds;
    wider.folders.push_back(absolute_folder(flow, trigger.file.folder));
    if (!trigger.file.archive.empty()) {
      wider.folders.push_back(absolute_folder(flow, trigger.file.archive));
    }
    places.bounds = &wider;
  }
  for (const auto& [id, text] : trigger.inputs) {
    const auto input = std::ranges::find(flow.inputs, id, &InputSpec::id);
    const bool json = input != flow.inputs.end() && input->type == InputType::kJson;
    auto value =
        json ? tmpl::render_json(text, run_context, {}) : tmpl::render(text, run_context, {});
    if (!value.has_value()) return fail("input '" + id + "'", value.error());
    given.emplace_back(id, std::move(*value));
    // Only what an event brings is somebody else's word.
    if (trigger.type == TriggerType::kSchedule || !tmpl::has_template(text)) {
      places.own.push_back(id);
    }
  }
  return resolve_inputs(flow, given, run_context, places);
}

}  // namespace cordyna::flow
