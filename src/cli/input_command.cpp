// dyna input: what a trigger's input needs at its source, made there and taken away.
#include <fmt/format.h>

#include <memory>
#include <string>
#include <vector>

#include "base/text.hpp"
#include "cli/commands.hpp"
#include "cli/named_flow.hpp"
#include "cli/side.hpp"
#include "input/host/flow_input.hpp"

namespace cordyna::cli {
namespace {

/// Of the flow's triggers those that have an input, or the one that is named.
Result<std::vector<TriggerSpec>> triggers_with_input(const Flow& flow, const std::string& name) {
  std::vector<TriggerSpec> found;
  for (const TriggerSpec& spec : flow.triggers) {
    const bool wanted = name.empty() || spec.id == name;
    const bool installs = spec.type == TriggerType::kPostgres;
    if (wanted && (installs || (!name.empty() && has_input(spec.type)))) found.push_back(spec);
  }
  if (!found.empty()) return found;
  const std::string flow_text = printable(flow_name(flow.ns, flow.id));
  return fail(
      ErrorCode::kNotFound,
      name.empty()
          ? fmt::format(
                "{} has no trigger for which something is installed; those of type postgres have",
                flow_text)
          : fmt::format("{} has no trigger '{}' with an input", flow_text, printable(name)));
}

}  // namespace

CommandResult input_command(CommandContext& context) {
  const Arguments& arguments = context.arguments;
  TRY(refuse_server(context));
  TRY_ASSIGN(const GivenFlow given, find_given(context, arguments.flow_id));
  if (given.flow == nullptr) return ExitCode::kUsage;
  TRY_ASSIGN(const std::vector<TriggerSpec> triggers,
             triggers_with_input(*given.flow, arguments.trigger));
  const std::unique_ptr<Secrets> secrets = context.parts.find_secrets(given.layout);
  const bool installs = arguments.action == "install";
  for (const TriggerSpec& spec : triggers) {
    const input::FlowInputId id{given.flow->ns, given.flow->id, spec.id};
    const Result<> done = installs ? input::install_flow_input(id, spec, *secrets)
                                   : input::remove_flow_input(id, spec, *secrets);
    if (!done.has_value()) return fail(id.text(), done.error());
    if (arguments.json) {
      context.output.write(
          fmt::format("{{\"input\":\"{}\",\"op\":\"{}\"}}\n", id.text(), arguments.action));
    } else {
      context.output.write(
          fmt::format("{}: {}\n", printable(id.text()),
                      installs ? "what it needs is in the database"
                               : "what it had is gone from the database, with what was not read"));
    }
  }
  return ExitCode::kOk;
}

}  // namespace cordyna::cli
