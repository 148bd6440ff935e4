#include <fmt/format.h>

#include <algorithm>
#include <iterator>

#include "base/text.hpp"
#include "cli/commands.hpp"
#include "cli/list_watch.hpp"
#include "cli/palette.hpp"
#include "cli/run_lookup.hpp"
#include "cli/side.hpp"
#include "service/json.hpp"
#include "service/update.hpp"

namespace cordyna::cli {
namespace {

constexpr std::uint32_t kRunsAtOnce = 500;

std::string as_json(const std::vector<RunRow>& runs) {
  std::string out = "[";
  for (const RunRow& run : runs) {
    if (&run != runs.data()) out += ",\n ";
    append_run(out, run);
  }
  out += "]\n";
  return out;
}

std::vector<std::string> as_objects(const std::vector<RunRow>& runs) {
  std::vector<std::string> objects;
  objects.reserve(runs.size());
  for (const RunRow& run : runs) append_run(objects.emplace_back(), run);
  return objects;
}

std::string as_table(const std::vector<RunRow>& runs, Millis now, const Palette& palette) {
  std::size_t flow_width = 4;
  for (const RunRow& run : runs) flow_width = std::max(flow_width, run.flow_id.size());
  std::string out = fmt::format("{:>6}  {:<{}}  {:<10}  {:<20}  {:>8}  {}\n", "RUN", "FLOW",
                                flow_width, "STATE", "STARTED", "TOOK", "ID");
  for (const RunRow& run : runs) {
    const Millis from = run.started_at > 0 ? run.started_at : run.created_at;
    const Millis until = run.ended_at > 0 ? run.ended_at : now;
    fmt::format_to(std::back_inserter(out), "{:>6}  {:<{}}  {}  {:<20}  {:>8}  {}\n", run.no,
                   run.flow_id, flow_width,
                   palette.paint(colour_of(run.state), fmt::format("{:<10}", to_string(run.state))),
                   format_timestamp(from).substr(0, 19) + "Z", format_delay(until - from),
                   run.id.value);
  }
  return out;
}

Result<std::vector<RunRow>> read_runs(const CommandContext& context, const Side& side) {
  RunFilter filter;
  filter.flow_id = context.arguments.flow_id;
  filter.unfinished = context.arguments.unfinished;
  filter.state = parse_run_state(context.arguments.run_state);
  filter.before = context.arguments.before;
  if (context.arguments.backfill > 0) filter.backfill = std::to_string(context.arguments.backfill);
  std::vector<RunRow> runs;
  while (runs.size() < context.arguments.limit) {
    filter.limit =
        std::min(kRunsAtOnce, context.arguments.limit - static_cast<std::uint32_t>(runs.size()));
    TRY_ASSIGN(const std::vector<RunRow> page, side.reader->list_runs(filter));
    runs.insert(runs.end(), page.begin(), page.end());
    if (page.size() < filter.limit) break;
    filter.before = page.back().no;
  }
  return runs;
}

}  // namespace

CommandResult runs_command(CommandContext& context) {
  TRY_ASSIGN(const Side side, side_here(context));
  const Palette palette(wants_colour(context.output));
  if (context.arguments.watch) {
    const auto read = [&]() -> Result<ListShown> {
      TRY_ASSIGN(const std::vector<RunRow> runs, read_runs(context, side));
      return list_shown(as_table(runs, context.parts.clock->now(), palette), as_objects(runs),
                        "no runs");
    };
    return watch_list(context, side, "runs", read);
  }
  TRY_ASSIGN(const std::vector<RunRow> runs, read_runs(context, side));
  if (context.arguments.json) {
    context.output.write(as_json(runs));
  } else if (runs.empty()) {
    context.output.write("no runs\n");
  } else {
    context.output.write(as_table(runs, context.parts.clock->now(), palette));
  }
  return ExitCode::kOk;
}

}  // namespace cordyna::cli
