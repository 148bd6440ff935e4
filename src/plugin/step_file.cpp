#include "plugin/step_file.hpp"

#include <boost/json.hpp>
#include <exception>

namespace cordyna::plugin {

namespace json = boost::json;

std::string to_json(const PluginStep& step) {
  return json::serialize(json::object{{"type", step.type},
                                      {"argv", json::value_from(step.argv)},
                                      {"version", step.version},
                                      {"inputs", step.inputs},
                                      {"output_schema", step.output_schema},
                                      {"trigger", step.trigger},
                                      {"acknowledge", step.acknowledge},
                                      {"start", step.start},
                                      {"complete", step.complete}});
}

Result<PluginStep> parse_step(std::string_view text) {
  try {
    const json::value value = json::parse({text.data(), text.size()});
    PluginStep step;
    step.type = json::value_to<std::string>(value.at("type"));
    step.argv = json::value_to<std::vector<std::string>>(value.at("argv"));
    step.version = json::value_to<std::string>(value.at("version"));
    step.inputs = json::value_to<std::string>(value.at("inputs"));
    step.output_schema = json::value_to<std::string>(value.at("output_schema"));
    step.trigger = json::value_to<std::string>(value.at("trigger"));
    step.acknowledge = json::value_to<Millis>(value.at("acknowledge"));
    step.start = json::value_to<Millis>(value.at("start"));
    step.complete = json::value_to<Millis>(value.at("complete"));
    return step;
  } catch (const std::exception& error) {
    return fail(ErrorCode::kCorrupt, error.what());
  }
}

std::string to_json(const PluginSecrets& secrets) {
  return json::serialize(
      json::object{{"inputs", secrets.inputs}, {"masks", json::value_from(secrets.masks)}});
}

Result<PluginSecrets> parse_secrets(std::string_view text) {
  if (text.empty()) return PluginSecrets{};
  try {
    const json::value value = json::parse({text.data(), text.size()});
    return PluginSecrets{json::value_to<std::string>(value.at("inputs")),
                         json::value_to<std::vector<std::string>>(value.at("masks"))};
  } catch (const std::exception&) {
    return fail(ErrorCode::kCorrupt, "the secrets are not as they were handed over");
  }
}

}  // namespace cordyna::plugin
