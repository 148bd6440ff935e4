#include <algorithm>

#include "flow/flow_file.hpp"
#include "template/template.hpp"

namespace cordyna::flow {

Result<std::string> trigger_inputs(const Flow& flow, const TriggerSpec& trigger,
                                   std::string_view run_context) {
  GivenInputs given;
  for (const auto& [id, text] : trigger.inputs) {
    const auto input = std::ranges::find(flow.inputs, id, &InputSpec::id);
    const bool json = input != flow.inputs.end() && input->type == InputType::kJson;
    auto value =
        json ? tmpl::render_json(text, run_context, {}) : tmpl::render(text, run_context, {});
    if (!value.has_value()) return fail("input '" + id + "'", value.error());
    given.emplace_back(id, std::move(*value));
  }
  return resolve_inputs(flow, given, run_context);
}

}  // namespace cordyna::flow
