// dyna config: what cordyna.yaml, the environment and options say of a server, and whether it fits.
#include <fmt/format.h>

#include <algorithm>

#include "base/text.hpp"
#include "cli/commands.hpp"
#include "cli/server_config.hpp"
#include "cli/up_server.hpp"

namespace cordyna::cli {
namespace {

std::string source_of(const ResolvedConfig& choice, const std::string& name) {
  const auto found = choice.sources.find(name);
  return found == choice.sources.end() ? "default" : found->second;
}

std::string as_json(const flow::Project& project, const ResolvedConfig& choice) {
  std::string out = "{\"file\":";
  append_json(out, project.file);
  out += ",\"settings\":[";
  bool first = true;
  for (const std::string& name : flow::setting_names()) {
    out += first ? "{\"name\":" : ",{\"name\":";
    first = false;
    append_json(out, name);
    out += ",\"value\":";
    append_json(out, flow::value_of(choice.config, name));
    out += ",\"source\":";
    append_json(out, source_of(choice, name));
    out += '}';
  }
  return out + "]}\n";
}

std::string as_table(const ResolvedConfig& choice) {
  std::size_t name_width = 0;
  std::size_t value_width = 0;
  for (const std::string& name : flow::setting_names()) {
    name_width = std::max(name_width, name.size());
    value_width = std::max(value_width, display_width(flow::value_of(choice.config, name)));
  }
  std::string out;
  for (const std::string& name : flow::setting_names()) {
    const std::string value = flow::value_of(choice.config, name);
    out += fmt::format("{}  {}  {}\n", pad(name, name_width),
                       pad(value.empty() ? "-" : printable(value), value_width),
                       printable(source_of(choice, name)));
  }
  return out;
}

}  // namespace

CommandResult config_command(CommandContext& context) {
  const Arguments& arguments = context.arguments;
  TRY_ASSIGN(const std::string here, working_folder());
  TRY_ASSIGN(const flow::Project project, project_for(arguments, here));
  TRY_ASSIGN(const ResolvedConfig choice, resolve_config(arguments, project));
  if (arguments.action != "check") {
    context.output.write(arguments.json ? as_json(project, choice) : as_table(choice));
    return ExitCode::kOk;
  }
  TRY(check_server(choice.config));
  if (arguments.json) {
    context.output.write(as_json(project, choice));
  } else {
    context.output.write(project.file.empty()
                             ? "there is no cordyna.yaml; all settings fit\n"
                             : fmt::format("{}: all is right\n", printable(project.file)));
  }
  return ExitCode::kOk;
}

}  // namespace cordyna::cli
