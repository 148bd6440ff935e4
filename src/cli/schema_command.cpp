#include "cli/commands.hpp"
#include "model/states.hpp"

namespace cordyna::cli {

CommandResult schema_command(CommandContext& context) {
  std::string text;
  if (context.arguments.states) {
    text = states_as_markdown();
  } else if (context.arguments.reference) {
    text = context.parts.reference();
  } else {
    text = flow::json_schema();
  }
  if (!text.ends_with('\n')) text += '\n';
  context.output.write(text);
  return ExitCode::kOk;
}

}  // namespace cordyna::cli
