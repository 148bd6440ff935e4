#include "cli/backfill_plan.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <utility>

#include "base/text.hpp"
#include "cli/up_report.hpp"
#include "flow/durations.hpp"
#include "flow/flow_file.hpp"

namespace cordyna::cli {
namespace {

std::unexpected<Error> wrong(std::string message) {
  return fail(ErrorCode::kInvalidArgument, std::move(message));
}

/// "…Z" or "…+02:00": it says itself how far it is from UTC.
bool has_offset(const std::string& text) {
  const std::size_t time = text.find_first_of("Tt ");
  return time != std::string::npos && text.find_first_of("Zz+-", time) != std::string::npos;
}

/// As the clocks of the zone show it, where it does not say otherwise.
Result<Millis> read_time(std::string_view option, const std::string& text,
                         const schedule::Zone& zone) {
  if (text.empty()) {
    return wrong(fmt::format("{} is missing: a time like 2026-11-01 or 2026-11-01T06:00", option));
  }
  const auto at = parse_timestamp(text);
  if (!at.has_value()) {
    return wrong(
        fmt::format("{} '{}': a time like 2026-11-01, 2026-11-01T06:00 ({}) or "
                    "2026-11-01T06:00+02:00 is wanted",
                    option, printable(text), zone.name()));
  }
  if (has_offset(text)) return *at;
  const std::int64_t local = *at / 1000;
  // Twice: the first guess may lie on the other side of a clock change.
  std::int64_t utc = local - zone.period_at(local).offset;
  utc = local - zone.period_at(utc).offset;
  return *at + (utc - local) * 1000;
}

Result<const TriggerSpec*> choose_trigger(const Flow& flow, const std::string& id) {
  if (!id.empty()) {
    BackfillRow named;
    named.trigger = id;
    TRY(flow::backfill_trigger(flow, named));  // says what is like it
    const auto found = std::ranges::find(flow.triggers, id, &TriggerSpec::id);
    if (found->type == TriggerType::kSchedule) return &*found;
    return wrong(fmt::format("trigger '{}' is of type {}, which has no times that could be run", id,
                             to_string(found->type)));
  }
  std::vector<const TriggerSpec*> schedules;
  for (const TriggerSpec& one : flow.triggers) {
    if (one.type == TriggerType::kSchedule) schedules.push_back(&one);
  }
  if (schedules.empty()) {
    return wrong(
        fmt::format("flow '{}' has no schedule trigger whose times could be run; "
                    "--every 1d gives it some",
                    flow.id));
  }
  std::vector<const TriggerSpec*> enabled;
  std::vector<std::string_view> names;
  for (const TriggerSpec* one : schedules) {
    names.emplace_back(one->id);
    if (!one->disabled) enabled.push_back(one);
  }
  if (schedules.size() == 1) return schedules.front();
  if (enabled.size() == 1) return enabled.front();
  return wrong(fmt::format("flow '{}' has several triggers: --trigger says which: {}", flow.id,
                           fmt::join(names, ", ")));
}

Result<> set_bounds(const Arguments& arguments, const schedule::Zone& zone, Millis now,
                    BackfillRow& row) {
  TRY_ASSIGN(row.begin, read_time("--from", arguments.from, zone));
  TRY_ASSIGN(row.end, read_time("--to", arguments.to, zone));
  if (row.begin >= row.end) {
    return wrong(fmt::format("--from {} is not before --to {}: --from counts, --to does not",
                             printable(arguments.from), printable(arguments.to)));
  }
  if (row.begin > now) {
    return wrong(fmt::format("--from {} has not come yet", printable(arguments.from)));
  }
  // What is yet to come has its own ticks.
  row.end = std::min(row.end, now + 1);
  return {};
}

Result<> find_times(BackfillPlan& plan, const schedule::Span& span, const std::string& whose) {
  plan.times = span.all(kBackfillTimesMax);
  const BackfillRow& row = plan.row;
  const std::string between =
      fmt::format("from {} to {}", seconds_text(row.begin), seconds_text(row.end));
  if (plan.times.empty()) return wrong(fmt::format("{} has no time {}", whose, between));
  if (plan.times.size() > kBackfillTimesMax) {
    return wrong(fmt::format("{} has more than {} times {}: take less at once", whose,
                             grouped(kBackfillTimesMax), between));
  }
  plan.row.total = static_cast<std::uint32_t>(plan.times.size());
  return {};
}

}  // namespace

Result<BackfillPlan> plan_backfill(const Arguments& arguments, const Flow& flow, Millis now) {
  BackfillPlan plan;
  BackfillRow& row = plan.row;
  row.parallel = arguments.parallel;
  row.only_missing = arguments.only_missing;
  row.newest_first = arguments.newest_first;
  row.inputs = flow::backfill_inputs(arguments.inputs);
  if (!arguments.every.empty()) {
    auto every = flow::parse_duration(arguments.every);
    if (!every.has_value()) return fail("--every", every.error());
    if (*every < 1000) return wrong("--every: at least 1s is wanted");
    row.every = *every;
    plan.zone = "UTC";
    TRY(set_bounds(arguments, schedule::Zone::utc(), now, row));
    TRY(find_times(plan, schedule::Span(row.every, row.begin, row.end),
                   "--every " + printable(arguments.every)));
    return plan;
  }
  TRY_ASSIGN(const TriggerSpec* const trigger, choose_trigger(flow, arguments.trigger));
  row.trigger = trigger->id;
  TRY_ASSIGN(schedule::Schedule schedule, schedule::Schedule::of(*trigger));
  const schedule::Zone zone = schedule.definition().zone;
  plan.zone = zone.name();
  TRY(set_bounds(arguments, zone, now, row));
  TRY(find_times(plan, schedule::Span(std::move(schedule), row.begin, row.end),
                 fmt::format("trigger '{}'", trigger->id)));
  return plan;
}

}  // namespace cordyna::cli
