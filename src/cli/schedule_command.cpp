// dyna schedule: what a cron expression means.
#include <fmt/format.h>

#include <cstdlib>

#include "base/calendar.hpp"
#include "cli/commands.hpp"
#include "cli/text.hpp"
#include "schedule/schedule.hpp"

namespace cordyna::cli {
namespace {

/// "2026-03-29 03:00:00 +02:00": as the clocks of the zone show it.
std::string local_text(const schedule::Zone& zone, Millis at) {
  const std::int64_t seconds = at / 1000;
  const std::int64_t offset = zone.period_at(seconds).offset;
  const CivilTime t = civil_time(seconds + offset);
  return fmt::format("{:04}-{:02}-{:02} {:02}:{:02}:{:02} {}{:02}:{:02}", t.year, t.month, t.day,
                     t.hour, t.minute, t.second, offset < 0 ? '-' : '+', std::abs(offset) / 3600,
                     std::abs(offset) / 60 % 60);
}

/// "2026-03-29T01:00:00Z"
std::string utc_text(Millis at) {
  std::string text = format_timestamp(at);
  text.replace(text.size() - 5, 5, "Z");  // ".000Z"
  return text;
}

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
      out += fmt::format("{}\"{}\"", &at == times.data() ? "" : ",", utc_text(at));
    }
    out += "]}";
    return;
  }
  if (context.arguments.zones.size() > 1) out += zone.name() + "\n";
  for (const Millis at : times) {
    out += local_text(zone, at) + "  " + utc_text(at);
    if (at > now) out += "  in " + format_delay(at - now);
    out += '\n';
  }
  if (times.empty()) out += "never again\n";
}

}  // namespace

CommandResult schedule_command(CommandContext& context) {
  const Arguments& arguments = context.arguments;
  TRY_ASSIGN(const schedule::Cron cron, schedule::Cron::parse(arguments.cron));
  const Millis now = context.parts.clock->now();
  Millis from = now;
  if (!arguments.from.empty()) {
    const auto given = parse_timestamp(arguments.from);
    if (!given.has_value()) {
      return fail(ErrorCode::kInvalidArgument,
                  fmt::format("--from '{}': a time like 2026-11-21, 2026-11-21T07:50 (UTC) or "
                              "2026-11-21T07:50+02:00 is wanted",
                              printable(arguments.from)));
    }
    from = *given;
  }
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
