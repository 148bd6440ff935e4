// dyna inputs: what listens for the triggers of flows at a server, and how each fares.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <string>
#include <vector>

#include "base/text.hpp"
#include "cli/commands.hpp"
#include "cli/side.hpp"
#include "cli/table.hpp"
#include "service/input_list.hpp"

namespace cordyna::cli {
namespace {

std::string as_table(const std::vector<ListedInput>& inputs) {
  std::vector<std::vector<std::string>> rows{{"FLOW", "TRIGGER", "TYPE", "STATE", "SINCE", "EVENTS",
                                              "LAST MINUTE", "LAST", "LAG", "WAITING", "DEAD"}};
  for (const ListedInput& input : inputs) {
    const InputStatus& status = input.status;
    const bool any = status.last_at > 0;
    rows.push_back({printable(flow_name(status.ns, status.flow_id)), printable(status.trigger),
                    printable(status.type), std::string(to_string(status.state)),
                    seconds_text(status.since), std::to_string(status.events),
                    std::to_string(status.last_minute), any ? seconds_text(status.last_at) : "-",
                    any ? format_delay(status.lag) : "-", std::to_string(input.pending),
                    std::to_string(input.dead)});
  }
  std::string out = as_columns(rows);
  for (const ListedInput& input : inputs) {
    if (input.status.problem.empty()) continue;
    out += fmt::format("{}: {}\n", printable(input.status.name()), printable(input.status.problem));
  }
  return out;
}

}  // namespace

CommandResult inputs_command(CommandContext& context) {
  TRY_ASSIGN(const client::ApiClient server, server_wanted(context, "inputs"));
  TRY_ASSIGN(const std::vector<ListedInput> inputs, client::RemoteReader(server).list_inputs());
  if (context.arguments.json) {
    std::vector<std::string> objects;
    for (const ListedInput& input : inputs) append_input(objects.emplace_back(), input);
    context.output.write(fmt::format("[{}]\n", fmt::join(objects, ",\n ")));
  } else if (inputs.empty()) {
    context.output.write("no inputs: no enabled trigger of an applied flow listens to anything\n");
  } else {
    context.output.write(as_table(inputs));
  }
  return ExitCode::kOk;
}

}  // namespace cordyna::cli
