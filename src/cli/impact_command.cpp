// dyna impact: what a change of flows means for those that take something from them.
#include <fmt/format.h>

#include "base/text.hpp"
#include "cli/commands.hpp"
#include "cli/flow_network.hpp"
#include "cli/impact_view.hpp"
#include "cli/palette.hpp"

namespace cordyna::cli {

CommandResult impact_command(CommandContext& context) {
  const Arguments& arguments = context.arguments;
  if (arguments.files.empty() && arguments.mesh.tasks.empty()) {
    return fail(ErrorCode::kInvalidArgument,
                "what changes? Name files or folders of flows, or --tasks FILE, as 'cordyna "
                "declare' prints it");
  }
  TRY_ASSIGN(const FlowNetwork network, network_here(context));
  const mesh::Impact impact =
      mesh::impact_of(network.before, network.changes, context.parts.clock->wall());
  if (arguments.json) {
    context.output.write(impact_json(network, impact));
  } else if (arguments.mesh.markdown) {
    context.output.write(impact_markdown(network, impact));
  } else {
    context.output.write(impact_text(network, impact, Palette(wants_colour(context.output))));
  }
  return arguments.exit_code && !impact.breaks.empty() ? ExitCode::kRunError : ExitCode::kOk;
}

}  // namespace cordyna::cli
