#include "cli/app.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <csignal>
#include <cstdlib>
#include <string>
#include <variant>

#include "base/text.hpp"
#include "cli/commands.hpp"

namespace cordyna::cli {
namespace {

CommandResult version_command(CommandContext& context) {
  if (context.arguments.json) {
    context.output.write("{\"name\":\"dyna\",\"version\":\"" CORDYNA_VERSION "\"}\n");
  } else {
    context.output.write("dyna " CORDYNA_VERSION "\n");
  }
  return ExitCode::kOk;
}

CommandResult completion_command(CommandContext& context) {
  context.output.write(completion_script(context.arguments.shell));
  return ExitCode::kOk;
}

CommandResult dispatch(CommandContext& context) {
  switch (context.arguments.verb) {
    case Verb::kRun: return run_command(context);
    case Verb::kValidate: return validate_command(context);
    case Verb::kShow: return show_command(context);
    case Verb::kRuns: return runs_command(context);
    case Verb::kLogs: return logs_command(context);
    case Verb::kWhy: return why_command(context);
    case Verb::kPools: return pools_command(context);
    case Verb::kPlaces: return places_command(context);
    case Verb::kCancel: return cancel_command(context);
    case Verb::kResume: return resume_command(context);
    case Verb::kRerun: return rerun_command(context);
    case Verb::kBackfill: return backfill_command(context);
    case Verb::kApprove: return decide_command(context, true);
    case Verb::kReject: return decide_command(context, false);
    case Verb::kGuard: return guard_command(context);
    case Verb::kCache: return cache_command(context);
    case Verb::kPrune: return prune_command(context);
    case Verb::kSecret: return secret_command(context);
    case Verb::kSchema: return schema_command(context);
    case Verb::kTypes: return types_command(context);
    case Verb::kTest: return flow_test_command(context);
    case Verb::kContractImport:
    case Verb::kContractExport: return contract_command(context);
    case Verb::kSchedule: return schedule_command(context);
    case Verb::kTicks: return ticks_command(context);
    case Verb::kUp: return up_command(context);
    case Verb::kApply: return apply_command(context);
    case Verb::kPlan: return plan_command(context);
    case Verb::kFlows: return flows_command(context);
    case Verb::kNotices: return notices_command(context);
    case Verb::kAlerts: return alerts_command(context);
    case Verb::kTeams: return teams_command(context);
    case Verb::kGit: return git_command(context);
    case Verb::kAudit: return audit_command(context);
    case Verb::kEvents: return events_command(context);
    case Verb::kTriggers: return triggers_command(context);
    case Verb::kInputs: return inputs_command(context);
    case Verb::kServers: return servers_command(context);
    case Verb::kTrace: return trace_command(context);
    case Verb::kConformance: return conformance_command(context);
    case Verb::kImpact: return impact_command(context);
    case Verb::kDatasets: return datasets_command(context);
    case Verb::kRedis: return redis_command(context);
    case Verb::kInput: return input_command(context);
    case Verb::kConfig: return config_command(context);
    case Verb::kBackup: return backup_command(context);
    case Verb::kRestore: return restore_command(context);
    case Verb::kDoctor: return doctor_command(context);
    case Verb::kLogin: return login_command(context);
    case Verb::kLogout: return logout_command(context);
    case Verb::kContext: return context_command(context);
    case Verb::kUser: return user_command(context);
    case Verb::kToken: return token_command(context);
    case Verb::kVersion: return version_command(context);
    case Verb::kCompletion: return completion_command(context);
  }
  return ExitCode::kInternal;
}

std::string environment(const char* name) {
  const char* value = std::getenv(name);  // NOLINT(concurrency-mt-unsafe): nobody sets it
  return value == nullptr ? "" : value;
}

/// Whether the command's whole point is what it prints.
bool only_prints(const Arguments& arguments) {
  const Verb verb = arguments.verb;
  if (verb == Verb::kSecret) return arguments.action == "list";
  if (verb == Verb::kFlows) return arguments.action != "remove";
  if (verb == Verb::kContext || verb == Verb::kUser) return arguments.action == "list";
  if (verb == Verb::kToken) return arguments.action != "revoke";  // a new one is shown this once
  if (verb == Verb::kLogin || verb == Verb::kLogout) return false;
  return verb != Verb::kRun && verb != Verb::kApply && verb != Verb::kPrune && verb != Verb::kUp &&
         verb != Verb::kResume && verb != Verb::kCancel && verb != Verb::kApprove &&
         verb != Verb::kReject && verb != Verb::kBackup && verb != Verb::kRestore;
}

int carry_out(const Arguments& arguments, const Parts& parts) {
  Output output(STDOUT_FILENO);
  CommandContext context{parts, arguments, {arguments.state, environment("DYNA_STATE")}, output};
  context.words = {arguments.server,
                   !arguments.state.empty(),
                   !context.choice.environment.empty(),
                   environment("DYNA_SERVER"),
                   environment("DYNA_TOKEN"),
                   environment("DYNA_CA"),
                   environment("XDG_CONFIG_HOME"),
                   environment("HOME")};
  const CommandResult done = dispatch(context);
  if (!done.has_value()) {
    print_error(done.error().message);
    return static_cast<int>(exit_code(done.error().code));
  }
  const Result<> written = output.result();
  if (!written.has_value()) {
    print_error(written.error().message);
    if (only_prints(arguments)) return static_cast<int>(exit_code(written.error().code));
  }
  return static_cast<int>(*done);
}

}  // namespace

int app_main(int argc, const char* const* argv, const Parts& parts) {
  std::signal(SIGPIPE, SIG_IGN);
  const auto parsed = parse_arguments(argc, argv);
  if (const auto* usage = std::get_if<Usage>(&parsed)) {
    if (usage->is_error) {
      print_error(usage->text);
      return static_cast<int>(ExitCode::kUsage);
    }
    Output(STDOUT_FILENO).write(usage->text);
    return static_cast<int>(ExitCode::kOk);
  }
  return carry_out(std::get<Arguments>(parsed), parts);
}

}  // namespace cordyna::cli
