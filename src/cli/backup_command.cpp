// dyna backup and dyna restore: a copy of a state, and a state of a copy.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <filesystem>
#include <string>
#include <vector>

#include "base/json_text.hpp"
#include "base/text.hpp"
#include "cli/commands.hpp"
#include "cli/prune_text.hpp"

namespace cordyna::cli {
namespace {

/// What lies in the folder and is in no backup.
std::vector<std::string> left_out(const StateLayout& layout) {
  std::vector<std::string> found;
  std::error_code ignored;
  for (const char* name :
       {"runs", "cache", "private", "secrets", "secrets.enc", "secret.key", "admin.token"}) {
    if (std::filesystem::exists(layout.folder() + "/" + name, ignored)) found.emplace_back(name);
  }
  return found;
}

std::string counts_text(const StateCopy& copy) {
  return fmt::format("{} ({} unfinished), {}", counted(static_cast<std::size_t>(copy.runs), "run"),
                     copy.unfinished, bytes_text(static_cast<std::uint64_t>(copy.bytes)));
}

std::string counts_json(const StateCopy& copy) {
  return fmt::format(R"("runs":{},"unfinished":{},"bytes":{})", copy.runs, copy.unfinished,
                     copy.bytes);
}

}  // namespace

CommandResult backup_command(CommandContext& context) {
  const Arguments& arguments = context.arguments;
  const std::string& file = arguments.files.front();
  TRY_ASSIGN(const StateLayout layout, state_here(context));
  TRY_ASSIGN(const StateCopy made, context.parts.back_up_state(layout, file));
  const std::vector<std::string> missing = left_out(layout);
  if (arguments.json) {
    std::vector<std::string> names;
    names.reserve(missing.size());
    for (const std::string& name : missing) names.push_back(json_string(name));
    context.output.write(fmt::format("{{\"file\":{},{},\"left_out\":[{}]}}\n", json_string(file),
                                     counts_json(made), fmt::join(names, ",")));
    return ExitCode::kOk;
  }
  context.output.write(
      fmt::format("backed up to {}: {}; it is whole\n", printable(file), counts_text(made)));
  if (!missing.empty()) {
    context.output.write(fmt::format("not in it, to be copied besides if wanted: {} in {}\n",
                                     fmt::join(missing, ", "), printable(layout.folder())));
  }
  return ExitCode::kOk;
}

CommandResult restore_command(CommandContext& context) {
  const Arguments& arguments = context.arguments;
  const std::string& file = arguments.files.front();
  TRY_ASSIGN(const std::string here, working_folder());
  const StateLayout layout = state_for_flow(context.choice, here);
  TRY_ASSIGN(const StateCopy made, context.parts.restore_state(file, layout));
  if (arguments.json) {
    context.output.write(
        fmt::format("{{\"state\":{},{}}}\n", json_string(layout.folder()), counts_json(made)));
    return ExitCode::kOk;
  }
  context.output.write(
      fmt::format("restored to {}: {}\n", printable(layout.folder()), counts_text(made)));
  if (made.unfinished > 0) {
    context.output.write(
        "what is unfinished goes on with 'dyna up' or 'dyna resume'; a task that ran when the "
        "backup was made begins again\n");
  }
  return ExitCode::kOk;
}

}  // namespace cordyna::cli
