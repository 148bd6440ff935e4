#include <fmt/format.h>
#include <malloc.h>

#include <utility>

#include "cli/commands.hpp"
#include "cli/text.hpp"

namespace cordyna::cli {
namespace {

/// What defaults of inputs may name.
std::string run_context(const RunId& id, Millis now) {
  return fmt::format(R"({{"run":{{"id":"{}","date":"{}","started_at":"{}"}}}})", id.value,
                     format_date(now), format_timestamp(now));
}

}  // namespace

CommandResult run_command(CommandContext& context) {
  const Arguments& arguments = context.arguments;
  TRY_ASSIGN(flow::Parsed parsed, parse_and_report(arguments.files.front()));
  if (parsed.flow == nullptr) return ExitCode::kUsage;
  const Millis now = context.parts.clock->now();
  Work work;
  work.request.op = OwnerOp::kSubmit;
  work.request.run = RunId{make_uuid7(now)};
  TRY_ASSIGN(work.request.inputs, flow::resolve_inputs(*parsed.flow, arguments.inputs,
                                                       run_context(work.request.run, now)));
  work.request.folder = parsed.flow->folder;
  work.request.canonical = std::move(parsed.canonical);
  work.flow = std::move(parsed.flow);
  parsed = {};

  const StateLayout layout = state_for_flow(context.choice, work.request.folder);
  Signals signals;  // before any thread
  Session session(context.parts, layout, session_settings(context), signals, context.output,
                  make_renderer(context, {}));
  std::vector<Work> all;
  all.push_back(std::move(work));
  return session.drive(std::move(all));
}

}  // namespace cordyna::cli
