// dyna apply: makes the state know flows by name, all of them or none.
#include <fmt/format.h>

#include <filesystem>
#include <system_error>
#include <utility>

#include "base/text.hpp"
#include "cli/apply_remote.hpp"
#include "cli/apply_session.hpp"
#include "cli/commands.hpp"
#include "cli/flows_of_paths.hpp"

namespace cordyna::cli {
namespace {

std::string as_json(const ApplyPlan& plan) {
  std::string out = fmt::format("{{\"changes\":{},\"flows\":[", plan.changes_flows());
  for (const PlannedFlow& planned : plan.flows) {
    out += &planned == plan.flows.data() ? "{" : ",\n {";
    append_planned(out, planned);
    out += '}';
  }
  return out + "]}\n";
}

std::string as_text(const ApplyPlan& plan) {
  std::string out;
  for (const PlannedFlow& planned : plan.flows) out += line_of(planned) + "\n";
  return out + totals_of(plan) + "\n";
}

}  // namespace

Result<StateLayout> state_of_paths(const CommandContext& context,
                                   const std::vector<std::string>& paths) {
  std::optional<StateLayout> layout;
  std::string first;
  for (const std::string& path : paths) {
    std::error_code error;
    std::filesystem::path whole = std::filesystem::canonical(path, error);
    if (error) return fail(ErrorCode::kNotFound, fmt::format("{}: {}", path, error.message()));
    if (!std::filesystem::is_directory(whole, error)) whole = whole.parent_path();
    StateLayout one = state_for_flow(context.choice, whole.string());
    if (!layout.has_value()) {
      first = path;
      layout = std::move(one);
    } else if (layout->folder() != one.folder()) {
      return fail(ErrorCode::kInvalidArgument,
                  fmt::format("{} belongs to the state {}, and {} to {}; apply them one by one, or "
                              "say --state DIR",
                              first, layout->folder(), path, one.folder()));
    }
  }
  return std::move(*layout);
}

Result<FlowFolder> flows_of_paths(const CommandContext& context,
                                  const std::vector<std::string>& paths) {
  return load_flows(
      paths, [](const std::string& finding) { print_hint(printable(finding)); },
      context.parts.plugin_types);
}

Result<> refuse_wrong_files(const FlowFolder& found) {
  if (found.refused == 0) return {};
  return fail(ErrorCode::kInvalidArgument,
              fmt::format("{} with errors: nothing is applied", counted(found.refused, "file")));
}

namespace {

std::unexpected<Error> no_flow_in(const std::string& path) {
  return fail(ErrorCode::kInvalidArgument,
              fmt::format("{}: no flow in it or below it; a flow is a *.yaml with 'tasks'",
                          printable(path)));
}

CommandResult apply_there(CommandContext& context, const Side& side) {
  const Arguments& arguments = context.arguments;
  TRY(refuse_prune_at_server(side, arguments.prune));
  TRY_ASSIGN(const FlowFolder found, flows_of_paths(context, arguments.files));
  TRY(refuse_wrong_files(found));
  TRY_ASSIGN(const ApplyPlan plan, plan_for_server(side, found));
  if (plan.flows.empty()) return no_flow_in(arguments.files.front());
  TRY(apply_at_server(*side.server, found, plan));
  context.output.write(arguments.json ? as_json(plan) : as_text(plan));
  return ExitCode::kOk;
}

}  // namespace

CommandResult apply_command(CommandContext& context) {
  const Arguments& arguments = context.arguments;
  TRY_ASSIGN(const std::optional<client::Context> chosen, choose_server(context.words));
  if (chosen.has_value()) {
    TRY_ASSIGN(const Side side, side_here(context));
    return apply_there(context, side);
  }
  TRY_ASSIGN(const StateLayout layout, state_of_paths(context, arguments.files));
  TRY_ASSIGN(const FlowFolder found, flows_of_paths(context, arguments.files));
  TRY(refuse_wrong_files(found));
  const auto planner = [&](const std::vector<AppliedFlowRow>& present) -> Result<ApplyPlan> {
    ApplyPlan plan = plan_apply(present, found, arguments.prune);
    if (!plan.flows.empty()) return plan;
    return no_flow_in(arguments.files.front());
  };
  TRY_ASSIGN(const ApplyPlan plan, apply_planned(context, layout, planner));
  context.output.write(arguments.json ? as_json(plan) : as_text(plan));
  return ExitCode::kOk;
}

}  // namespace cordyna::cli
