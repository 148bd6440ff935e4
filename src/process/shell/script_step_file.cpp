#include "process/shell/script_step_file.hpp"

#include <boost/json.hpp>

namespace cordyna::script {

namespace json = boost::json;

std::string to_json(const ScriptStep& step) {
  return json::serialize(json::object{{"language", step.language},
                                      {"source", step.source},
                                      {"name", step.name},
                                      {"shown", step.shown},
                                      {"main", step.main},
                                      {"compiler", json::value_from(step.compiler)},
                                      {"programs", step.programs}});
}

Result<ScriptStep> parse_script_step(std::string_view text) {
  try {
    const json::value value = json::parse({text.data(), text.size()});
    const json::object& object = value.as_object();
    const auto read = [&object](const char* key) {
      return json::value_to<std::string>(object.at(key));
    };
    ScriptStep step;
    step.language = read("language");
    step.source = read("source");
    step.name = read("name");
    step.shown = read("shown");
    step.main = read("main");
    step.compiler = json::value_to<std::vector<std::string>>(object.at("compiler"));
    step.programs = read("programs");
    if (step.compiler.empty() || step.programs.empty()) {
      return fail(ErrorCode::kCorrupt, "a step names no compiler, or no place for what it makes");
    }
    return step;
  } catch (const std::exception& error) {
    return fail(ErrorCode::kCorrupt, error.what());
  }
}

}  // namespace cordyna::script
