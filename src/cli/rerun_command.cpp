// dyna rerun: a new run that takes over what an earlier one completed.
#include <fmt/format.h>

#include <utility>

#include "base/id.hpp"
#include "base/text.hpp"
#include "cli/commands.hpp"
#include "cli/remote_inputs.hpp"
#include "cli/remote_session.hpp"
#include "cli/run_lookup.hpp"
#include "cli/side.hpp"
#include "client/json_slice.hpp"
#include "engine/takeover.hpp"
#include "model/run_fields.hpp"
#include "service/rerun_plan.hpp"

namespace cordyna::cli {
namespace {

std::string list_text(const std::vector<std::string>& tasks) {
  return tasks.empty() ? std::string("nothing") : fmt::format("{}", fmt::join(tasks, ", "));
}

void append_list(std::string& out, std::string_view key, const std::vector<std::string>& tasks) {
  out += fmt::format(",\"{}\":[", key);
  for (const std::string& task : tasks) {
    if (&task != tasks.data()) out += ',';
    append_json(out, task);
  }
  out += ']';
}

std::string plan_text(const RunRow& run, const engine::Takeover& plan, bool as_json) {
  if (!as_json) {
    return fmt::format("rerun of run {} of {}\n  taken over: {}\n  runs again: {}\n", run.no,
                       run.flow_id, list_text(plan.taken), list_text(plan.again));
  }
  std::string out = fmt::format("{{\"rerun_of\":{}", run.no);
  append_list(out, "taken", plan.taken);
  append_list(out, "again", plan.again);
  return out + "}\n";
}

std::vector<std::string> texts_of(const client::JsonSlice& list) {
  std::vector<std::string> texts;
  for (const client::JsonSlice& one : list.items()) texts.push_back(one.text());
  return texts;
}

Result<RerunVersion> version_of(const CommandContext& context, StoreReader& reader,
                                const RunRow& run) {
  const FlowLoader loader = [](std::string_view canonical, std::string_view folder) {
    return flow::from_canonical(canonical, folder);
  };
  return rerun_version(reader, loader, run, context.arguments.latest);
}

CommandResult plan_there(CommandContext& context, const Side& side, const RunRow& run) {
  const Arguments& arguments = context.arguments;
  if (!arguments.inputs.empty()) {
    return fail(ErrorCode::kInvalidArgument,
                "--dry-run with --with is not known to a server; leave one of them out");
  }
  TRY_ASSIGN(
      const std::string answer,
      side.server->get(fmt::format("/runs/{}/rerun", run.no),
                       {{"from", arguments.from}, {"latest", arguments.latest ? "true" : ""}}));
  TRY_ASSIGN(const client::JsonSlice json, client::JsonSlice::parse(answer));
  engine::Takeover plan;
  plan.taken = texts_of(json.member("taken"));
  plan.again = texts_of(json.member("again"));
  context.output.write(plan_text(run, plan, arguments.json));
  return ExitCode::kOk;
}

CommandResult rerun_there(CommandContext& context, Side side) {
  const Arguments& arguments = context.arguments;
  TRY_ASSIGN(const RunRow run, find_run(*side.reader, arguments.run));
  if (arguments.dry_run) return plan_there(context, side, run);
  RemoteWork work;
  work.begins = true;
  TRY_ASSIGN(RerunVersion version, version_of(context, *side.reader, run));
  work.flow = std::move(version.flow);
  const RunId key{make_uuid7(context.parts.clock->now())};
  work.write.path = fmt::format("/runs/{}/rerun", run.no);
  work.write.key = key.value;
  work.write.body = fmt::format("{{\"no_cache\":{}", arguments.no_cache);
  if (arguments.latest) work.write.body += ",\"latest\":true";
  if (!arguments.from.empty()) {
    work.write.body += ",\"from\":";
    append_json(work.write.body, arguments.from);
  }
  if (!arguments.inputs.empty()) {
    const std::string run_context =
        fmt::format(R"({{"run":{{{}}}}})", run_fields(key, run.created_at, run.scheduled));
    TRY_ASSIGN(const std::string inputs,
               remote_inputs(*work.flow, arguments.inputs, false, run_context,
                             {{}, working_folder().value_or(""), "--with"}));
    work.write.body += ",\"inputs\":" + inputs;
  }
  work.write.body += '}';
  Signals signals;  // before any thread
  RemoteSession session(context, std::move(*side.server), signals, make_renderer(context, {}));
  return session.drive(std::move(work));
}

}  // namespace

CommandResult rerun_command(CommandContext& context) {
  const Arguments& arguments = context.arguments;
  TRY_ASSIGN(const std::optional<client::Context> chosen, choose_server(context.words));
  if (chosen.has_value()) {
    TRY_ASSIGN(Side side, side_here(context));
    return rerun_there(context, std::move(side));
  }
  TRY_ASSIGN(const StateLayout layout, state_here(context));
  Work work;
  RunRow run;
  RerunPlan plan;
  {
    TRY_ASSIGN(const std::unique_ptr<StoreReader> reader, context.parts.open_reader(layout));
    TRY_ASSIGN(run, find_run(*reader, arguments.run));
    TRY_ASSIGN(RerunVersion version, version_of(context, *reader, run));
    TRY_ASSIGN(const RunSnapshot snapshot, reader->load_run(run.no));
    work.request.run = RunId{make_uuid7(context.parts.clock->now())};
    const std::string run_context = fmt::format(
        R"({{"run":{{{}}}}})", run_fields(work.request.run, run.created_at, run.scheduled));
    TRY_ASSIGN(plan, plan_rerun(layout, version, snapshot,
                                {arguments.from, arguments.inputs, working_folder().value_or("")},
                                run_context));
    if (arguments.latest) {
      work.request.folder = version.flow->folder;
      work.request.canonical = std::move(version.canonical);
    }
    work.flow = std::move(version.flow);
  }
  if (arguments.dry_run) {
    context.output.write(plan_text(run, plan.tasks, arguments.json));
    return ExitCode::kOk;
  }
  work.request.op = OwnerOp::kRerun;
  work.request.of = run.no;
  work.request.no_cache = arguments.no_cache;
  work.request.taken = std::move(plan.tasks.taken);
  work.request.inputs = std::move(plan.inputs);
  Signals signals;  // before any thread
  Session session(context.parts, layout, session_settings(context), signals, context.output,
                  make_renderer(context, {}));
  std::vector<Work> all;
  all.push_back(std::move(work));
  return session.drive(std::move(all));
}

}  // namespace cordyna::cli
