#include "service/next_times.hpp"

#include <fmt/format.h>

#include <cstdlib>
#include <iterator>
#include <set>
#include <utility>

#include "base/calendar.hpp"
#include "base/text.hpp"
#include "model/applied_flow.hpp"
#include "schedule/catch_up.hpp"

namespace cordyna {

std::string local_text(const schedule::Zone& zone, Millis at) {
  const std::int64_t seconds = at / 1000;
  const std::int64_t offset = zone.period_at(seconds).offset;
  const CivilTime t = civil_time(seconds + offset);
  return fmt::format("{:04}-{:02}-{:02} {:02}:{:02}:{:02} {}{:02}:{:02}", t.year, t.month, t.day,
                     t.hour, t.minute, t.second, offset < 0 ? '-' : '+', std::abs(offset) / 3600,
                     std::abs(offset) / 60 % 60);
}

Result<std::vector<FlowSchedule>> schedules_of(const Flow& flow) {
  std::vector<FlowSchedule> found;
  for (const TriggerSpec& spec : flow.triggers) {
    if (spec.disabled || spec.type != TriggerType::kSchedule) continue;
    TRY_ASSIGN(schedule::Schedule schedule, schedule::Schedule::of(spec));
    found.push_back({&spec, std::move(schedule), schedule::delay_of(spec, flow.ns, flow.id)});
  }
  return found;
}

std::vector<Due> next_times_of(const std::vector<FlowSchedule>& schedules, Millis after,
                               std::uint32_t limit) {
  std::set<Due> next;
  const auto arm = [&](std::size_t trigger, Millis from) {
    const auto at = schedules[trigger].times.next(from);
    if (at.has_value()) next.insert({*at, trigger});
  };
  for (std::size_t i = 0; i < schedules.size(); ++i) arm(i, after);
  std::vector<Due> found;
  while (!next.empty() && found.size() < limit) {
    found.push_back(*next.begin());
    next.erase(next.begin());
    arm(found.back().trigger, found.back().at);
  }
  return found;
}

std::string next_times_as_json(const Flow& flow, const std::vector<FlowSchedule>& schedules,
                               const std::vector<Due>& times) {
  std::string out = "{\"flow\":";
  append_json(out, flow.ns.empty() ? flow.id : flow.ns + "/" + flow.id);
  out += ",\"next\":[";
  for (const Due& due : times) {
    const FlowSchedule& one = schedules[due.trigger];
    out += &due == times.data() ? "{\"trigger\":" : ",{\"trigger\":";
    append_json(out, one.spec->id);
    out += ",\"timezone\":";
    append_json(out, one.spec->timezone);
    fmt::format_to(std::back_inserter(out),
                   ",\"local\":\"{}\",\"scheduled_for\":\"{}\",\"starts_at\":\"{}\"}}",
                   local_text(one.times.definition().zone, due.at), seconds_text(due.at),
                   format_timestamp(due.at + one.delay));
  }
  return out + "]}";
}

}  // namespace cordyna
