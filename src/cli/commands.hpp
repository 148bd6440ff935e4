/// The commands of `dyna`, one file each. A command's errors are printed by app.cpp.
#pragma once

#include <memory>
#include <string>

#include "base/result.hpp"
#include "cli/arguments.hpp"
#include "cli/output.hpp"
#include "cli/parts.hpp"
#include "cli/renderer.hpp"
#include "cli/server_choice.hpp"
#include "cli/session.hpp"
#include "cli/signals.hpp"
#include "cli/state_folder.hpp"
#include "flow/flow_file.hpp"
#include "model/exit_codes.hpp"

namespace cordyna::cli {

/// What commands share; all is borrowed.
struct CommandContext {
  const Parts& parts;
  const Arguments& arguments;
  StateChoice choice;
  Output& output;
  ServerWords words{};
};

using CommandResult = Result<ExitCode>;

[[nodiscard]] CommandResult run_command(CommandContext& context);
[[nodiscard]] CommandResult validate_command(CommandContext& context);
[[nodiscard]] CommandResult show_command(CommandContext& context);
[[nodiscard]] CommandResult runs_command(CommandContext& context);
[[nodiscard]] CommandResult logs_command(CommandContext& context);
[[nodiscard]] CommandResult why_command(CommandContext& context);
[[nodiscard]] CommandResult pools_command(CommandContext& context);
[[nodiscard]] CommandResult places_command(CommandContext& context);
[[nodiscard]] CommandResult impact_command(CommandContext& context);
[[nodiscard]] CommandResult datasets_command(CommandContext& context);
[[nodiscard]] CommandResult redis_command(CommandContext& context);
[[nodiscard]] CommandResult cancel_command(CommandContext& context);
[[nodiscard]] CommandResult resume_command(CommandContext& context);
[[nodiscard]] CommandResult rerun_command(CommandContext& context);
[[nodiscard]] CommandResult backfill_command(CommandContext& context);
[[nodiscard]] CommandResult decide_command(CommandContext& context, bool approve);
[[nodiscard]] CommandResult guard_command(CommandContext& context);
[[nodiscard]] CommandResult cache_command(CommandContext& context);
[[nodiscard]] CommandResult prune_command(CommandContext& context);
[[nodiscard]] CommandResult secret_command(CommandContext& context);
[[nodiscard]] CommandResult schema_command(CommandContext& context);
[[nodiscard]] CommandResult types_command(CommandContext& context);
[[nodiscard]] CommandResult flow_test_command(CommandContext& context);
[[nodiscard]] CommandResult contract_command(CommandContext& context);
[[nodiscard]] CommandResult schedule_command(CommandContext& context);
[[nodiscard]] CommandResult ticks_command(CommandContext& context);
[[nodiscard]] CommandResult up_command(CommandContext& context);
[[nodiscard]] CommandResult apply_command(CommandContext& context);
[[nodiscard]] CommandResult plan_command(CommandContext& context);
[[nodiscard]] CommandResult flows_command(CommandContext& context);
[[nodiscard]] CommandResult notices_command(CommandContext& context);
[[nodiscard]] CommandResult alerts_command(CommandContext& context);
[[nodiscard]] CommandResult teams_command(CommandContext& context);
[[nodiscard]] CommandResult git_command(CommandContext& context);
[[nodiscard]] CommandResult audit_command(CommandContext& context);
[[nodiscard]] CommandResult events_command(CommandContext& context);
[[nodiscard]] CommandResult inputs_command(CommandContext& context);
[[nodiscard]] CommandResult input_command(CommandContext& context);
[[nodiscard]] CommandResult servers_command(CommandContext& context);
[[nodiscard]] CommandResult trace_command(CommandContext& context);
[[nodiscard]] CommandResult conformance_command(CommandContext& context);
[[nodiscard]] CommandResult triggers_command(CommandContext& context);
[[nodiscard]] CommandResult config_command(CommandContext& context);
/// Of who runs this program, for the record of decisions.
[[nodiscard]] std::string user_name();
[[nodiscard]] CommandResult backup_command(CommandContext& context);
[[nodiscard]] CommandResult restore_command(CommandContext& context);
[[nodiscard]] CommandResult doctor_command(CommandContext& context);
[[nodiscard]] CommandResult login_command(CommandContext& context);
[[nodiscard]] CommandResult logout_command(CommandContext& context);
[[nodiscard]] CommandResult context_command(CommandContext& context);
[[nodiscard]] CommandResult user_command(CommandContext& context);
[[nodiscard]] CommandResult token_command(CommandContext& context);

// What several of them need.

/// The flow of a file; what is wrong with it goes to standard error. Null: it has errors, and their
/// number was said. Errors: those of reading the file.
[[nodiscard]] Result<flow::Parsed> parse_and_report(const CommandContext& context,
                                                    const std::string& file);

/// A finding as a JSON object.
void append_diagnostic(std::string& out, const flow::Diagnostic& found);

/// The state folder of the working folder, or the one that was given. Errors: kNotFound;
/// kInvalidArgument: a server was chosen, and this command works on state folders alone.
[[nodiscard]] Result<StateLayout> state_here(const CommandContext& context);

/// The flow that a run was started with. Errors: kCorrupt, those of the store.
[[nodiscard]] Result<std::shared_ptr<const Flow>> load_flow(StoreReader& reader, const RunRow& run);

/// The one that was asked for, or fits the output; several runs are never drawn live. Colours are
/// chosen here.
[[nodiscard]] std::unique_ptr<Renderer> make_renderer(const CommandContext& context,
                                                      RenderOptions options);
[[nodiscard]] SessionSettings session_settings(const CommandContext& context);

/// Errors: kNotFound, with the nearest name.
[[nodiscard]] Result<TaskIndex> find_task(const Flow& flow, const std::string& name);

}  // namespace cordyna::cli
