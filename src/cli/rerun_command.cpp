// dyna rerun: a new run that takes over what an earlier one completed.
#include <fmt/format.h>

#include <utility>

#include "base/id.hpp"
#include "base/text.hpp"
#include "cli/commands.hpp"
#include "cli/run_lookup.hpp"
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

}  // namespace

CommandResult rerun_command(CommandContext& context) {
  const Arguments& arguments = context.arguments;
  TRY_ASSIGN(const StateLayout layout, state_here(context));
  Work work;
  RunRow run;
  RerunPlan plan;
  {
    TRY_ASSIGN(const std::unique_ptr<StoreReader> reader, context.parts.open_reader(layout));
    TRY_ASSIGN(run, find_run(*reader, arguments.run));
    TRY_ASSIGN(work.flow, load_flow(*reader, run));
    TRY_ASSIGN(const RunSnapshot snapshot, reader->load_run(run.no));
    work.request.run = RunId{make_uuid7(context.parts.clock->now())};
    const std::string run_context = fmt::format(
        R"({{"run":{{{}}}}})", run_fields(work.request.run, run.created_at, run.scheduled));
    TRY_ASSIGN(plan, plan_rerun(layout, *work.flow, snapshot,
                                {arguments.from, arguments.inputs, working_folder().value_or("")},
                                run_context));
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
