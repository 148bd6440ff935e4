#include "cli/commands.hpp"
#include "flow/case_file.hpp"
#include "flow/git_file.hpp"
#include "flow/teams_file.hpp"
#include "model/states.hpp"
#include "protocol/documents.hpp"
#include "server/server.hpp"

namespace cordyna::cli {

CommandResult schema_command(CommandContext& context) {
  std::string text;
  if (context.arguments.states) {
    text = states_as_markdown();
  } else if (context.arguments.api) {
    text = context.arguments.reference ? server::api_reference() : server::openapi();
  } else if (context.arguments.protocol) {
    text = context.arguments.reference  ? protocol::protocol_reference()
           : context.arguments.asyncapi ? protocol::asyncapi_document()
                                        : protocol::protocol_schema();
  } else if (context.arguments.teams) {
    text = context.arguments.reference ? flow::teams_reference_as_markdown()
                                       : flow::teams_json_schema();
  } else if (context.arguments.git) {
    text =
        context.arguments.reference ? flow::git_reference_as_markdown() : flow::git_json_schema();
  } else if (context.arguments.tests) {
    text =
        context.arguments.reference ? flow::case_reference_as_markdown() : flow::case_json_schema();
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
