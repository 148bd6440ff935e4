// dyna schedule: when a cron expression, or the triggers of a flow, are due.
#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <iterator>

#include "base/text.hpp"
#include "cerebro/disabled_flows.hpp"
#include "cli/commands.hpp"
#include "cli/named_flow.hpp"
#include "cli/up_report.hpp"
#include "client/remote_reader.hpp"
#include "schedule/schedule.hpp"
#include "service/next_times.hpp"

namespace cordyna::cli {
namespace {

std::vector<Millis> next_times(const schedule::Schedule& schedule, Millis after,
                               std::uint32_t limit) {
  std::vector<Millis> times;
  times.reserve(limit);
  for (auto at = schedule.next(after); at.has_value() && times.size() < limit;
       at = schedule.next(*at)) {
    times.push_back(*at);
  }
  return times;
}

void append_zone(std::string& out, const CommandContext& context, const schedule::Zone& zone,
                 const std::vector<Millis>& times, Millis now) {
  if (context.arguments.json) {
    out += out.ends_with('[') ? "{\"timezone\":" : ",{\"timezone\":";
    append_json(out, zone.name());
    out += ",\"next\":[";
    for (const Millis& at : times) {
      out += fmt::format("{}\"{}\"", &at == times.data() ? "" : ",", seconds_text(at));
    }
    out += "]}";
    return;
  }
  if (context.arguments.zones.size() > 1) out += zone.name() + "\n";
  for (const Millis at : times) {
    out += local_text(zone, at) + "  " + seconds_text(at);
    if (at > now) out += "  in " + format_delay(at - now);
    out += '\n';
  }
  if (times.empty()) out += "never again\n";
}

/// --from, else now.
Result<Millis> begin_of(const Arguments& arguments, Millis now) {
  if (arguments.from.empty()) return now;
  const auto given = parse_timestamp(arguments.from);
  if (given.has_value()) return *given;
  return fail(ErrorCode::kInvalidArgument,
              fmt::format("--from '{}': a time like 2026-11-21, 2026-11-21T07:50 (UTC) or "
                          "2026-11-21T07:50+02:00 is wanted",
                          printable(arguments.from)));
}

std::string as_lines(const Flow& flow, const std::vector<FlowSchedule>& schedules,
                     const std::vector<Due>& times, Millis now) {
  if (schedules.empty()) {
    return fmt::format("flow '{}' has no trigger that is due by time{}\n", flow.id,
                       std::ranges::any_of(flow.triggers,
                                           [](const TriggerSpec& one) {
                                             return one.type == TriggerType::kSchedule;
                                           })
                           ? ": all are disabled"
                           : "");
  }
  std::size_t width = 0;
  for (const FlowSchedule& one : schedules) width = std::max(width, one.spec->id.size());
  std::string out;
  for (const Due& due : times) {
    const FlowSchedule& one = schedules[due.trigger];
    fmt::format_to(std::back_inserter(out), "{:<{}}  {}  {}", one.spec->id, width,
                   local_text(one.times.definition().zone, due.at), seconds_text(due.at));
    if (due.at > now) out += "  in " + format_delay(due.at - now);
    if (one.delay > 0) out += fmt::format("  starts {} later", format_delay(one.delay));
    out += '\n';
  }
  return times.empty() ? "never again\n" : out;
}

std::string disabled_line(const Flow& flow, const Disabling& disabled) {
  const std::string name = flow_name(flow.ns, flow.id);
  return fmt::format("flow '{}' is {}: it is not due until 'dyna flows enable {}'\n", name,
                     printable(disabled_text(disabled)), name);
}

CommandResult show_flow(CommandContext& context, Millis from, Millis now) {
  const Arguments& arguments = context.arguments;
  if (!arguments.zones.empty() || arguments.skip_gap || arguments.both_overlaps) {
    return fail(ErrorCode::kInvalidArgument,
                "--timezone, --on-gap and --on-overlap go with a cron expression; the triggers of "
                "a flow have theirs in its file");
  }
  TRY_ASSIGN(const GivenFlow found, find_given(context, arguments.cron));
  if (found.flow == nullptr) return ExitCode::kUsage;
  TRY_ASSIGN(std::vector<FlowSchedule> schedules, schedules_of(*found.flow));
  if (found.disabled.at != 0) {
    schedules.clear();
    if (!arguments.json) {
      context.output.write(disabled_line(*found.flow, found.disabled));
      return ExitCode::kOk;
    }
  }
  const std::vector<Due> times = next_times_of(schedules, from, arguments.limit);
  context.output.write(arguments.json ? next_times_as_json(*found.flow, schedules, times) + "\n"
                                      : as_lines(*found.flow, schedules, times, now));
  return ExitCode::kOk;
}

/// Whether the argument is the file of a flow, a folder with one or a flow's name, and no
/// expression: those have several words, or one that begins with @.
bool names_a_flow(const std::string& argument) {
  std::error_code ignored;
  return is_file_name(argument) || std::filesystem::exists(argument, ignored) ||
         (!argument.contains(' ') && !argument.starts_with('@'));
}

}  // namespace

CommandResult ticks_command(CommandContext& context) {
  const Arguments& arguments = context.arguments;
  TRY_ASSIGN(const GivenFlow found, find_given(context, arguments.files.front()));
  if (found.flow == nullptr) return ExitCode::kUsage;
  StateLayout layout = found.layout;
  if (is_file_name(arguments.files.front())) {
    TRY_ASSIGN(layout, find_state(context.choice, found.flow->folder));
  }
  std::unique_ptr<StoreReader> reader;
  if (found.server.has_value()) {
    reader = std::make_unique<client::RemoteReader>(*found.server);
  } else {
    TRY_ASSIGN(reader, context.parts.open_reader(layout));
  }
  const TickFilter filter{found.flow->ns, found.flow->id, {}, 0, arguments.limit};
  TRY_ASSIGN(const std::vector<TickRow> ticks, reader->list_ticks(filter));
  std::string out;
  for (const TickRow& tick : ticks) out += line_of(tick, arguments.json) + "\n";
  if (ticks.empty() && !arguments.json) out = "no ticks\n";
  context.output.write(out);
  return ExitCode::kOk;
}

CommandResult schedule_command(CommandContext& context) {
  const Arguments& arguments = context.arguments;
  const Millis now = context.parts.clock->now();
  TRY_ASSIGN(const Millis from, begin_of(arguments, now));
  if (names_a_flow(arguments.cron)) return show_flow(context, from, now);
  TRY_ASSIGN(const schedule::Cron cron, schedule::Cron::parse(arguments.cron));
  const std::vector<std::string> utc{"UTC"};
  std::string out;
  if (arguments.json) {
    out = "{\"cron\":";
    append_json(out, arguments.cron);
    out += ",\"schedules\":[";
  }
  for (const std::string& name : arguments.zones.empty() ? utc : arguments.zones) {
    TRY_ASSIGN(schedule::Zone zone, schedule::Zone::find(name));
    schedule::Definition definition{cron, zone};
    if (arguments.skip_gap) definition.on_gap = schedule::OnGap::kSkip;
    if (arguments.both_overlaps) definition.on_overlap = schedule::OnOverlap::kBoth;
    const schedule::Schedule schedule(std::move(definition));
    append_zone(out, context, zone, next_times(schedule, from, arguments.limit), now);
  }
  if (arguments.json) out += "]}\n";
  context.output.write(out);
  return ExitCode::kOk;
}

}  // namespace cordyna::cli
