#include "cli/remote_inputs.hpp"

#include <algorithm>
#include <utility>

#include "base/text.hpp"
#include "client/json_slice.hpp"

namespace cordyna::cli {
namespace {

bool is_given(const flow::GivenInputs& given, std::string_view name) {
  return std::ranges::any_of(given, [name](const auto& pair) { return pair.first == name; });
}

/// Whether a value is checked here: it is of an input that is known and names no file.
bool is_checked(const Flow& checked, const std::string& name) {
  return std::ranges::find(checked.inputs, name, &InputSpec::id) != checked.inputs.end();
}

void append_member(std::string& out, std::string_view name, std::string_view value) {
  if (out.size() > 1) out += ',';
  append_json(out, name);
  out += ':';
  out += value;
}

}  // namespace

Result<std::string> remote_inputs(const Flow& flow, const flow::GivenInputs& given, bool all,
                                  std::string_view run_context, const flow::InputPlaces& places) {
  // Resolved without paths, whose files would be looked for on this machine.
  Flow checked = flow;
  const auto is_left_out = [&](const InputSpec& input) {
    return input.type == InputType::kFile || (!all && !is_given(given, input.id));
  };
  std::erase_if(checked.inputs, is_left_out);
  // Those who have all inputs look at what a task server's schema says: the server.
  for (TaskSpec& task : checked.tasks) task.contract = {};
  flow::GivenInputs others;
  std::string out = "{";
  for (const auto& [name, value] : given) {
    const bool is_file = is_checked(flow, name) && !is_checked(checked, name);
    if (!is_file && (all || is_checked(flow, name))) {
      others.emplace_back(name, value);
      continue;
    }
    std::string text;
    append_json(text, value);
    append_member(out, name, text);
  }
  TRY_ASSIGN(const std::string resolved,
             flow::resolve_inputs(checked, others, run_context, places));
  TRY_ASSIGN(const client::JsonSlice json, client::JsonSlice::parse(resolved));
  for (const auto& [name, value] : json.members()) {
    if (is_given(others, name)) append_member(out, name, value.raw());
  }
  return out + '}';
}

}  // namespace cordyna::cli
