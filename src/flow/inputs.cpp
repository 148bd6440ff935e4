#include <fmt/format.h>

#include <algorithm>
#include <boost/json.hpp>

#include "flow/diagnostics.hpp"
#include "flow/flow_file.hpp"
#include "flow/input_rules.hpp"
#include "flow/json_text.hpp"
#include "flow/path_input.hpp"
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

/// The text in a JSON string; anything else as it is.
std::string text_of(const std::string& json) {
  boost::json::error_code error;
  const boost::json::value value = boost::json::parse(json, error);
  if (error || !value.is_string()) return json;
  return {value.get_string().data(), value.get_string().size()};
}

/// A file's path becomes the one that templates get.
Result<std::string> found_file(const std::string& json, std::string_view folder) {
  TRY_ASSIGN(const std::string path, readable_file(text_of(json), folder));
  std::string out;
  append_json_string(out, path);
  return out;
}

Result<std::string> default_of(const InputSpec& input, std::string_view run_context) {
  if (!tmpl::has_template(input.default_value)) return input.default_value;
  const std::string context = context_of(run_context);
  if (input.type == InputType::kJson) return tmpl::render_json(input.default_value, context, {});
  if (is_list(input.type)) {
    // One expression that gives a list stays one; a text is taken as on a command line.
    TRY_ASSIGN(const std::string json, tmpl::render_json(input.default_value, context, {}));
    return checked_input(input, text_of(json));
  }
  TRY_ASSIGN(const std::string rendered, tmpl::render(text_of(input.default_value), context, {}));
  return checked_input(input, rendered);
}

std::vector<std::string_view> all_given(const GivenInputs& given, std::string_view id) {
  std::vector<std::string_view> texts;
  for (const auto& [name, value] : given) {
    if (name == id) texts.emplace_back(value);
  }
  return texts;
}

Result<std::string> given_value(const InputSpec& input, const std::vector<std::string_view>& texts,
                                std::string_view folder, const InputPlaces& places) {
  if (is_list(input.type) && texts.size() > 1) {
    TRY_ASSIGN(const std::string list, joined_list(texts));
    return checked_input(input, list);
  }
  TRY_ASSIGN(std::string json, checked_input(input, texts.front()));
  if (input.type != InputType::kFile) return json;
  if (places.bounds != nullptr && std::ranges::find(places.own, input.id) == places.own.end()) {
    TRY(check_bounds(text_of(json), folder, *places.bounds));
  }
  return found_file(json, folder);
}

Result<std::string> default_value(const Flow& flow, const InputSpec& input,
                                  std::string_view run_context) {
  if (input.default_value.empty()) return std::string("null");
  TRY_ASSIGN(std::string json, default_of(input, run_context));
  if (input.type == InputType::kFile) return found_file(json, flow.folder);
  return json;
}

/// What is wrong with a default, at its place where that is known.
std::string default_problem(const InputSpec& input, const InputPlaces& places,
                            std::string_view message) {
  std::string text = fmt::format("input '{}' (default) {}", input.id, message);
  if (places.flow_file.empty() || input.line == 0) return text;
  return format(Diagnostic{Severity::kError, places.flow_file, input.line, input.column,
                           std::string(to_string(Code::kBadValue)), std::move(text)});
}

/// Names that the flow does not have, or that were given twice.
void check_names(const Flow& flow, const GivenInputs& given, std::vector<std::string>& problems) {
  std::vector<std::string_view> known;
  std::vector<std::string_view> lists;
  known.reserve(flow.inputs.size());
  for (const InputSpec& input : flow.inputs) {
    known.emplace_back(input.id);
    if (is_list(input.type)) lists.emplace_back(input.id);
  }
  for (std::size_t i = 0; i < given.size(); ++i) {
    const std::string& name = given[i].first;
    if (std::find(known.begin(), known.end(), name) == known.end()) {
      std::string hint = did_you_mean(name, known);
      if (hint.empty()) hint = known.empty() ? "; the flow has none" : "; it has " + join_or(known);
      problems.push_back(fmt::format("unknown input {}{}", quoted(name), hint));
    }
    if (std::find(lists.begin(), lists.end(), name) != lists.end()) continue;
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

/// Of a JSON object, what is given: members that are null are not.
std::string without_nulls(const std::string& json) {
  boost::json::error_code error;
  boost::json::value value = boost::json::parse(json, error);
  if (error || !value.is_object()) return json;
  boost::json::object given;
  for (auto& [name, member] : value.get_object()) {
    if (!member.is_null()) given.emplace(name, std::move(member));
  }
  return boost::json::serialize(given);
}

}  // namespace

Result<> check_contracts(const Flow& flow, const std::string& inputs) {
  std::string given;
  std::vector<std::string> problems;
  for (const TaskSpec& task : flow.tasks) {
    if (task.contract.run_inputs == nullptr) continue;
    if (given.empty()) given = without_nulls(inputs);
    const std::vector<Flaw> flaws = task.contract.run_inputs->flaws_of(given);
    for (const Flaw& flaw : flaws) {
      std::string problem = fmt::format("#/inputs{} {}", flaw.at.substr(1), flaw.detail);
      if (std::ranges::find(problems, problem) == problems.end()) {
        problems.push_back(std::move(problem));
      }
    }
  }
  if (problems.empty()) return {};
  return fail(ErrorCode::kInvalidArgument, join_lines(problems));
}

Flow questions_of(const Flow& flow, TaskIndex task) {
  Flow asked;
  asked.id = flow.id;
  asked.folder = flow.folder;
  asked.inputs = flow.tasks[task].inputs;
  return asked;
}

Result<std::string> resolve_inputs(const Flow& flow, const GivenInputs& given,
                                   std::string_view run_context, const InputPlaces& places) {
  const std::string& folder = places.folder.empty() ? flow.folder : places.folder;
  std::vector<std::string> problems;
  check_names(flow, given, problems);
  JsonFields fields;
  for (const InputSpec& input : flow.inputs) {
    const std::vector<std::string_view> texts = all_given(given, input.id);
    if (texts.empty() && input.required) {
      problems.push_back(fmt::format("input '{}' is required ({}); give it with {} {}=…", input.id,
                                     to_string(input.type), places.option, input.id));
      continue;
    }
    Result<std::string> value = texts.empty() ? default_value(flow, input, run_context)
                                              : given_value(input, texts, folder, places);
    if (value.has_value()) {
      fields.emplace_back(input.id, std::move(*value));
    } else if (texts.empty()) {
      problems.push_back(default_problem(input, places, value.error().message));
    } else {
      problems.push_back(fmt::format("input '{}' {}", input.id, value.error().message));
    }
  }
  if (!problems.empty()) return fail(ErrorCode::kInvalidArgument, join_lines(problems));
  std::string json;
  append_json_object(json, fields, KeyOrder::kAsWritten);
  TRY(check_contracts(flow, json));
  return json;
}

}  // namespace cordyna::flow
