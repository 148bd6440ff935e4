#include <fmt/format.h>

#include <boost/json.hpp>

#include "flow/diagnostics.hpp"
#include "flow/flow_file.hpp"
#include "flow/json_text.hpp"
#include "flow/typed_input.hpp"
#include "template/template.hpp"

namespace cordyna::flow {
namespace {

/// The context of defaults: {"run": …}, whether the caller gave that or the run itself.
std::string context_of(std::string_view run_context) {
  boost::json::error_code error;
  const boost::json::value value =
      boost::json::parse({run_context.data(), run_context.size()}, error);
  if (error || !value.is_object()) return R"({"run":{}})";
  if (value.get_object().contains("run")) return std::string(run_context);
  return fmt::format(R"({{"run":{}}})", run_context);
}

Result<std::string> default_of(const InputSpec& input, std::string_view run_context) {
  if (!tmpl::has_template(input.default_value)) return input.default_value;
  const std::string context = context_of(run_context);
  if (input.type == InputType::kJson) return tmpl::render_json(input.default_value, context, {});
  boost::json::error_code error;
  const boost::json::value text = boost::json::parse(input.default_value, error);
  if (error || !text.is_string()) return input.default_value;
  TRY_ASSIGN(const std::string rendered,
             tmpl::render({text.get_string().data(), text.get_string().size()}, context, {}));
  return typed_input(input.type, rendered);
}

const std::string* find_given(const GivenInputs& given, std::string_view id) {
  for (const auto& [name, value] : given) {
    if (name == id) return &value;
  }
  return nullptr;
}

/// Names that the flow does not have, or that were given twice.
void check_names(const Flow& flow, const GivenInputs& given, std::vector<std::string>& problems) {
  std::vector<std::string_view> known;
  known.reserve(flow.inputs.size());
  for (const InputSpec& input : flow.inputs) known.emplace_back(input.id);
  for (std::size_t i = 0; i < given.size(); ++i) {
    const std::string& name = given[i].first;
    if (std::find(known.begin(), known.end(), name) == known.end()) {
      std::string hint = did_you_mean(name, known);
      if (hint.empty()) hint = known.empty() ? "; the flow has none" : "; it has " + join_or(known);
      problems.push_back(fmt::format("unknown input {}{}", quoted(name), hint));
    }
    for (std::size_t j = 0; j < i; ++j) {
      if (given[j].first != name) continue;
      problems.push_back(fmt::format("input {} is given twice", quoted(name)));
      break;
    }
  }
}

std::string join_lines(const std::vector<std::string>& lines) {
  std::string out;
  for (const std::string& line : lines) {
    if (!out.empty()) out += '\n';
    out += line;
  }
  return out;
}

}  // namespace

Result<std::string> resolve_inputs(const Flow& flow, const GivenInputs& given,
                                   std::string_view run_context) {
  std::vector<std::string> problems;
  check_names(flow, given, problems);
  JsonFields fields;
  for (const InputSpec& input : flow.inputs) {
    const std::string* text = find_given(given, input.id);
    if (text == nullptr && input.required) {
      problems.push_back(fmt::format("input '{}' is required ({}); give it with --input {}=…",
                                     input.id, to_string(input.type), input.id));
      continue;
    }
    if (text == nullptr && input.default_value.empty()) {
      fields.emplace_back(input.id, "null");
      continue;
    }
    auto value = text != nullptr ? typed_input(input.type, *text) : default_of(input, run_context);
    if (value.has_value()) {
      fields.emplace_back(input.id, std::move(*value));
    } else {
      problems.push_back(fmt::format("input '{}'{} {}", input.id,
                                     text == nullptr ? " (default)" : "", value.error().message));
    }
  }
  if (!problems.empty()) return fail(ErrorCode::kInvalidArgument, join_lines(problems));
  std::string json;
  append_json_object(json, fields, KeyOrder::kAsWritten);
  return json;
}

}  // namespace cordyna::flow
