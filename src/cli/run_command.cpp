#include <fmt/format.h>
#include <malloc.h>

#include <filesystem>
#include <system_error>
#include <utility>

#include "base/text.hpp"
#include "cli/commands.hpp"
#include "cli/named_flow.hpp"
#include "cli/project_flows.hpp"
#include "cli/remote_inputs.hpp"
#include "cli/remote_session.hpp"
#include "cli/state_folder.hpp"
#include "cli/table.hpp"
#include "client/json_slice.hpp"
#include "model/run_fields.hpp"
#include "service/flow_cache.hpp"
#include "service/need_plan.hpp"

namespace cordyna::cli {
namespace {

/// What defaults of inputs may name.
std::string run_context(const RunId& id, Millis now) {
  return fmt::format(R"({{"run":{{{}}}}})", run_fields(id, now, {}));
}

/// A relative path is looked up from here, then from the flow's folder.
std::string inputs_path(const std::string& file, const std::string& folder) {
  std::error_code ignored;
  if (std::filesystem::path(file).is_absolute() || std::filesystem::exists(file, ignored)) {
    return file;
  }
  const std::string beside = folder + "/" + file;
  return std::filesystem::exists(beside, ignored) ? beside : file;
}

void give(flow::GivenInputs& all, const flow::GivenInputs& more) {
  for (const auto& [name, value] : more) {
    std::erase_if(all, [&wanted = name](const auto& one) { return one.first == wanted; });
  }
  all.insert(all.end(), more.begin(), more.end());
}

/// Files in their order, then the command line: the last word counts. What a command line gives
/// twice stays twice: a list has both, of others it is an error.
Result<flow::GivenInputs> given_inputs(const Arguments& arguments, const Flow& flow) {
  flow::GivenInputs all;
  for (const std::string& file : arguments.input_files) {
    TRY_ASSIGN(const flow::GivenInputs more,
               flow::read_inputs_file(flow, inputs_path(file, flow.folder)));
    give(all, more);
  }
  give(all, arguments.inputs);
  return all;
}

/// Starts it there by its name, and shows it as one that runs here.
CommandResult run_at_server(CommandContext& context, GivenFlow found) {
  const Arguments& arguments = context.arguments;
  const RunId key{make_uuid7(context.parts.clock->now())};
  TRY_ASSIGN(const flow::GivenInputs given, given_inputs(arguments, *found.flow));
  const flow::InputPlaces places{found.file, working_folder().value_or("")};
  TRY_ASSIGN(const std::string inputs,
             remote_inputs(*found.flow, given, true, run_context(key, context.parts.clock->now()),
                           places));
  RemoteWork work;
  work.begins = true;
  work.write.path = client::flow_path(found.ns, found.flow->id) + "/runs";
  work.write.body = fmt::format("{{\"inputs\":{},\"no_cache\":{}}}", inputs, arguments.no_cache);
  // Asked again after a connection broke, the server gives the run that it has begun.
  work.write.key = key.value;
  work.flow = std::move(found.flow);
  Signals signals;  // before any thread
  RemoteSession session(context, std::move(*found.server), signals, make_renderer(context, {}));
  return session.drive(std::move(work));
}

/// "runs", or why it need not.
std::string fate_text(const client::JsonSlice& one, Millis now) {
  const std::string fate = one.text("fate");
  if (fate == "fresh") {
    return fmt::format("fresh: run {} completed {} ago", one.number("run"),
                       format_delay(now - one.time("completed_at")));
  }
  if (fate == "joins") return fmt::format("joins run {}, which is under way", one.number("run"));
  if (fate == "missing") return "missing: no such flow is applied";
  return fate == "hidden" ? "not yours to see" : "runs";
}

/// --dry-run: what would be begun, in order, and by whom.
CommandResult show_plan(CommandContext& context, const GivenFlow& found) {
  std::string json;
  if (found.server.has_value()) {
    TRY_ASSIGN(const std::string answer,
               found.server->get(client::flow_path(found.ns, found.flow->id) + "/plan"));
    TRY_ASSIGN(const client::JsonSlice whole, client::JsonSlice::parse(answer));
    json = whole.raw("plan");
  } else {
    auto reader = context.parts.open_reader(found.layout);
    // Nothing has run here yet.
    const auto none = context.parts.make_memory_store();
    StoreReader& rows = reader.has_value() ? **reader : *none;
    FlowCache flows;
    const FlowOf find = [&](std::string_view ns,
                            std::string_view id) -> Result<std::shared_ptr<const Flow>> {
      const std::string name = flow_name(std::string(ns), std::string(id));
      auto applied = AppliedFinder(rows, flows).find(name, ns);
      if (!applied.has_value()) {
        applied = ProjectFlows(found.flow->folder, context.parts.plugin_types).find(name, ns);
      }
      if (!applied.has_value()) return std::unexpected<Error>(applied.error());
      return applied->flow;
    };
    TRY_ASSIGN(const auto plan, plan_run(rows, find, *found.flow, context.parts.clock->wall()));
    json = plan_as_json(plan);
  }
  if (context.arguments.json) {
    context.output.write(json + "\n");
    return ExitCode::kOk;
  }
  TRY_ASSIGN(const client::JsonSlice plan, client::JsonSlice::parse(json));
  std::vector<std::vector<std::string>> rows{{"", "FLOW", "WHAT", "WHOSE", "TASK SERVER"}};
  for (const client::JsonSlice& one : plan.items()) {
    rows.push_back({std::to_string(rows.size()), printable(one.text("flow")),
                    fate_text(one, context.parts.clock->wall()), printable(one.text("owner")),
                    printable(one.text("server"))});
  }
  context.output.write(as_columns(rows));
  return ExitCode::kOk;
}

}  // namespace

CommandResult run_command(CommandContext& context) {
  const Arguments& arguments = context.arguments;
  TRY_ASSIGN(GivenFlow found, find_given(context, arguments.files.front()));
  if (found.flow == nullptr) return ExitCode::kUsage;
  if (arguments.dry_run) return show_plan(context, found);
  if (found.server.has_value()) return run_at_server(context, std::move(found));
  const Millis now = context.parts.clock->now();
  Work work;
  work.request.op = OwnerOp::kSubmit;
  work.request.run = RunId{make_uuid7(now)};
  TRY_ASSIGN(const flow::GivenInputs given, given_inputs(arguments, *found.flow));
  // Where the working folder is gone, relative paths are from the flow's.
  const flow::InputPlaces places{found.file, working_folder().value_or("")};
  TRY_ASSIGN(work.request.inputs,
             flow::resolve_inputs(*found.flow, given, run_context(work.request.run, now), places));
  work.request.folder = found.flow->folder;
  work.request.no_cache = arguments.no_cache;
  work.request.canonical = std::move(found.canonical);
  work.flow = std::move(found.flow);

  Signals signals;  // before any thread
  Session session(context.parts, found.layout, session_settings(context), signals, context.output,
                  make_renderer(context, {}));
  std::vector<Work> all;
  all.push_back(std::move(work));
  return session.drive(std::move(all));
}

}  // namespace cordyna::cli
