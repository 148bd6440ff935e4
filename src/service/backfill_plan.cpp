#include "service/backfill_plan.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <utility>

#include "base/durations.hpp"
#include "base/text.hpp"
#include "flow/flow_file.hpp"
#include "model/run_fields.hpp"

namespace cordyna {
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
Result<Millis> read_time(const std::string& option, const std::string& text,
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

Result<const TriggerSpec*> choose_trigger(const Flow& flow, const BackfillWish& wish) {
  const std::string& id = wish.trigger;
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
        fmt::format("flow '{}' has no schedule trigger whose times could be run; {}every 1d gives "
                    "it some",
                    flow.id, wish.dashes));
  }
  std::vector<const TriggerSpec*> enabled;
  std::vector<std::string_view> names;
  for (const TriggerSpec* one : schedules) {
    names.emplace_back(one->id);
    if (!one->disabled) enabled.push_back(one);
  }
  if (schedules.size() == 1) return schedules.front();
  if (enabled.size() == 1) return enabled.front();
  return wrong(fmt::format("flow '{}' has several triggers: {}trigger says which: {}", flow.id,
                           wish.dashes, fmt::join(names, ", ")));
}

Result<> set_bounds(const BackfillWish& wish, const schedule::Zone& zone, Millis now,
                    BackfillRow& row) {
  TRY_ASSIGN(row.begin, read_time(wish.dashes + "from", wish.from, zone));
  TRY_ASSIGN(row.end, read_time(wish.dashes + "to", wish.to, zone));
  if (row.begin >= row.end) {
    return wrong(fmt::format("{0}from {1} is not before {0}to {2}: {0}from counts, {0}to does not",
                             wish.dashes, printable(wish.from), printable(wish.to)));
  }
  if (row.begin > now) {
    return wrong(fmt::format("{}from {} has not come yet", wish.dashes, printable(wish.from)));
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

Result<BackfillPlan> plan_backfill(const BackfillWish& wish, const Flow& flow, Millis now) {
  BackfillPlan plan;
  BackfillRow& row = plan.row;
  row.parallel = wish.parallel;
  row.only_missing = wish.only_missing;
  row.newest_first = wish.newest_first;
  row.inputs = flow::backfill_inputs(wish.inputs);
  if (!wish.every.empty()) {
    auto every = parse_duration(wish.every);
    if (!every.has_value()) return fail(wish.dashes + "every", every.error());
    if (*every < 1000) return wrong(wish.dashes + "every: at least 1s is wanted");
    row.every = *every;
    plan.zone = "UTC";
    TRY(set_bounds(wish, schedule::Zone::utc(), now, row));
    TRY(find_times(plan, schedule::Span(row.every, row.begin, row.end),
                   wish.dashes + "every " + printable(wish.every)));
    return plan;
  }
  TRY_ASSIGN(const TriggerSpec* const trigger, choose_trigger(flow, wish));
  row.trigger = trigger->id;
  TRY_ASSIGN(schedule::Schedule schedule, schedule::Schedule::of(*trigger));
  const schedule::Zone zone = schedule.definition().zone;
  plan.zone = zone.name();
  TRY(set_bounds(wish, zone, now, row));
  TRY(find_times(plan, schedule::Span(std::move(schedule), row.begin, row.end),
                 fmt::format("trigger '{}'", trigger->id)));
  return plan;
}

Result<> try_inputs(const Flow& flow, const BackfillPlan& plan, const RunId& id, Millis now) {
  TRY_ASSIGN(const TriggerSpec trigger, flow::backfill_trigger(flow, plan.row));
  const schedule::Tick& first = plan.times.front();
  const std::string context =
      fmt::format(R"({{"run":{{{}}}}})",
                  run_fields(id, now, {plan.row.trigger, first.at, first.interval_from}));
  TRY(flow::trigger_inputs(flow, trigger, context));
  return {};
}

}  // namespace cordyna
