// dyna types: what tasks there are, built in and of the project's plugins.
#include <fmt/format.h>

#include <algorithm>
#include <optional>

#include "base/nearest.hpp"
#include "base/text.hpp"
#include "cli/commands.hpp"
#include "cli/side.hpp"
#include "cli/table.hpp"
#include "flow/project_file.hpp"

namespace cordyna::cli {
namespace {

struct ListedType {
  std::string name;
  std::string description;
  std::string schema;                            ///< of a task; empty: a plugin's
  std::optional<PluginProgram> program{};        ///< of a plugin
  std::optional<Result<PluginType>> declared{};  ///< of a plugin
};

Result<std::vector<ListedType>> listed_types(const CommandContext& context) {
  std::vector<ListedType> types;
  for (flow::BuiltInType& one : flow::built_in_types()) {
    types.push_back({std::move(one.name), std::move(one.description), std::move(one.schema)});
  }
  TRY_ASSIGN(const std::string here, working_folder());
  TRY_ASSIGN(flow::Project project, flow::load_project(here));
  const std::string& wanted = context.arguments.flow_id;
  for (PluginProgram& program : project.plugins) {
    // Who wants another one need not wait for this.
    if (!wanted.empty() && wanted != program.type) {
      types.push_back({program.type, {}, {}, program});
      continue;
    }
    auto declared = context.parts.plugin_types->find(program);
    types.push_back({program.type,
                     declared.has_value() ? declared->description : declared.error().message,
                     {},
                     std::move(program),
                     std::move(declared)});
  }
  return types;
}

std::string program_text(const PluginProgram& program) {
  std::string text;
  for (const std::string& word : program.argv) {
    text += (text.empty() ? "" : " ") + printable(word);
  }
  return text;
}

void append_member(std::string& out, std::string_view name, std::string_view text) {
  out += fmt::format(R"(,"{}":)", name);
  append_json(out, text);
}

void append_type(std::string& out, const ListedType& type) {
  out += R"({"type":)";
  append_json(out, type.name);
  if (!type.program.has_value()) {
    append_member(out, "description", type.description);
    out += R"(,"built_in":true,"schema":)" + type.schema + '}';
    return;
  }
  out += R"(,"built_in":false,"program":[)";
  for (const std::string& word : type.program->argv) {
    if (&word != type.program->argv.data()) out += ',';
    append_json(out, word);
  }
  out += ']';
  if (type.declared.has_value() && !type.declared->has_value()) {
    append_member(out, "error", type.declared->error().message);
  } else if (type.declared.has_value()) {
    const PluginType& said = **type.declared;
    append_member(out, "description", said.description);
    if (!said.version.empty()) append_member(out, "version", said.version);
    out += R"(,"input_schema":)" + (said.input_schema.empty() ? "{}" : said.input_schema);
    out += R"(,"output_schema":)" + (said.output_schema.empty() ? "{}" : said.output_schema);
  }
  out += '}';
}

std::string one_type_text(const ListedType& type) {
  std::string out = printable(type.name);
  if (!type.program.has_value()) {
    return fmt::format("{} (built in)\n{}\ntask: {}\n", out, type.description, type.schema);
  }
  out += fmt::format(" ({})\n{}\n", program_text(*type.program), printable(type.description));
  if (!type.declared.has_value() || !type.declared->has_value()) return out;
  const PluginType& said = **type.declared;
  if (!said.version.empty()) out += fmt::format("version: {}\n", printable(said.version));
  return out + fmt::format("inputs: {}\noutput: {}\n",
                           said.input_schema.empty() ? "anything" : said.input_schema,
                           said.output_schema.empty() ? "anything" : said.output_schema);
}

std::string types_table(const std::vector<ListedType>& types) {
  std::vector<std::vector<std::string>> rows = {{"TYPE", "FROM", "DESCRIPTION"}};
  rows.reserve(types.size() + 1);
  for (const ListedType& type : types) {
    constexpr std::size_t kWidth = 100;
    const bool failed = type.declared.has_value() && !type.declared->has_value();
    rows.push_back(
        {type.name,
         type.program.has_value() ? fit(program_text(*type.program), kWidth) : "built in",
         failed ? printable(type.description) : fit(printable(type.description), kWidth)});
  }
  return as_columns(rows);
}

}  // namespace

CommandResult types_command(CommandContext& context) {
  TRY_ASSIGN(std::vector<ListedType> types, listed_types(context));
  const std::string& wanted = context.arguments.flow_id;
  if (!wanted.empty()) {
    std::vector<std::string_view> names;
    names.reserve(types.size());
    for (const ListedType& type : types) names.emplace_back(type.name);
    const auto found = std::ranges::find(types, wanted, &ListedType::name);
    if (found == types.end()) {
      const std::string near = nearest(wanted, names);
      return fail(ErrorCode::kNotFound,
                  fmt::format("no task type '{}'{}", printable(wanted),
                              near.empty() ? "" : fmt::format("; did you mean '{}'?", near)));
    }
    types = {*found};
  }
  std::string out;
  if (context.arguments.json) {
    out = R"({"types":[)";
    for (const ListedType& type : types) {
      if (&type != types.data()) out += ",\n";
      append_type(out, type);
    }
    out += "]}\n";
  } else {
    out = wanted.empty() ? types_table(types) : one_type_text(types.front());
  }
  context.output.write(out);
  for (const ListedType& type : types) {
    if (type.declared.has_value() && !type.declared->has_value()) return ExitCode::kUnavailable;
  }
  return ExitCode::kOk;
}

}  // namespace cordyna::cli
