// Inputs that a task gives to the run of another flow.
#include <fmt/format.h>

#include <algorithm>
#include <boost/json.hpp>

#include "flow/flow_file.hpp"
#include "flow/given_json.hpp"

namespace cordyna::flow {
namespace {

namespace json = boost::json;

/// As on a command line.
std::string text_of(const json::value& value) {
  return value.is_string() ? std::string(value.get_string()) : json::serialize(value);
}

bool is_list(const Flow& flow, std::string_view id) {
  const auto input = std::ranges::find(flow.inputs, id, &InputSpec::id);
  return input != flow.inputs.end() &&
         (input->type == InputType::kArray || input->type == InputType::kMultiselect);
}

bool is_json(const Flow& flow, std::string_view id) {
  const auto input = std::ranges::find(flow.inputs, id, &InputSpec::id);
  return input != flow.inputs.end() && input->type == InputType::kJson;
}

}  // namespace

Result<GivenInputs> given_of_json(const Flow& flow, const std::string& given) {
  boost::system::error_code error;
  const json::value all = json::parse(given, error);
  if (error.failed() || !all.is_object()) {
    return fail(ErrorCode::kInvalidArgument, "'inputs' is no map of names and values");
  }
  GivenInputs texts;
  for (const auto& member : all.get_object()) {
    const std::string id(member.key());
    const json::value& value = member.value();
    if (value.is_null()) continue;  // as if it were not there
    // A list as a whole: an item of it may have commas.
    if (is_json(flow, id) || (value.is_array() && is_list(flow, id))) {
      texts.emplace_back(id, json::serialize(value));
    } else {
      texts.emplace_back(id, text_of(value));
    }
  }
  return texts;
}

Result<std::string> subflow_inputs(const Flow& flow, const std::string& given,
                                   std::string_view run_context, const InputPlaces& places) {
  TRY_ASSIGN(const GivenInputs texts, given_of_json(flow, given));
  return resolve_inputs(flow, texts, run_context, places);
}

}  // namespace cordyna::flow
