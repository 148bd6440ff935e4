#include <array>

#include "flow/key_spec.hpp"

// The keys of a trigger.
namespace cordyna::flow {
namespace {

using K = ValueKind;
using Word = std::string_view;

constexpr std::int64_t kDayMillis = 86'400'000;

constexpr std::array kTypes{Word("schedule")};
// In the order of CatchUp, OnGap and OnOverlap.
constexpr std::array kCatchUps{Word("all"), Word("latest"), Word("none")};
constexpr std::array kGaps{Word("shift"), Word("skip")};
constexpr std::array kOverlaps{Word("once"), Word("both")};

constexpr std::array kLaterTypes{Word("postgres"), Word("kafka"), Word("redis"), Word("webhook"),
                                 Word("file"),     Word("flow"),  Word("poll"),  Word("manual")};

constexpr KeySpec kDateItem{.kind = K::kText};
constexpr KeySpec kAnyItem{.kind = K::kAny};

// Without presets: what is left out is left out of the canonical form too.
constexpr std::array kTriggerKeys{
    KeySpec{.name = "id",
            .kind = K::kId,
            .description = "Names the trigger within the flow.",
            .required = true},
    KeySpec{.name = "type",
            .kind = K::kEnum,
            .description = "What it waits for: schedule, the time.",
            .required = true,
            .words = kTypes},
    KeySpec{.name = "description", .kind = K::kText, .description = "What it is for."},
    KeySpec{.name = "cron",
            .kind = K::kText,
            .description =
                "When it is due: [second] minute hour day-of-month month day-of-week, or "
                "@daily and its like. `dyna schedule next` shows what it means.",
            .required = true},
    KeySpec{.name = "timezone",
            .kind = K::kText,
            .description = "Whose clocks count, such as Europe/Berlin. Without it UTC."},
    KeySpec{.name = "catch_up",
            .kind = K::kEnum,
            .description = "What becomes of times that were missed, because nobody was there or it "
                           "was disabled: all have their runs (the newest 1,000), the latest one "
                           "has (without this key), or none. Later than 10 seconds is missed.",
            .words = kCatchUps},
    KeySpec{.name = "window",
            .kind = K::kDuration,
            .description = "How long ago a missed time may be and still have its run. Without it "
                           "there is no bound.",
            .least = 1,
            .most = 36'500 * kDayMillis},
    KeySpec{.name = "jitter",
            .kind = K::kDuration,
            .description = "Runs start later by up to this: each trigger by its own part of it, "
                           "always the same.",
            .least = 1,
            .most = kDayMillis},
    KeySpec{.name = "on_gap",
            .kind = K::kEnum,
            .description = "A local time that the clocks pass over is due when they have been put "
                           "forward (shift; without this key), or not that day (skip).",
            .words = kGaps},
    KeySpec{.name = "on_overlap",
            .kind = K::kEnum,
            .description = "A local time that comes twice is due once (the first time; without "
                           "this key), or both times.",
            .words = kOverlaps},
    KeySpec{.name = "holidays",
            .kind = K::kList,
            .description = "Local days on which it is not due: 2026-12-25.",
            .one_or_list = true,
            .item = &kDateItem,
            .least = 1},
    KeySpec{.name = "inputs",
            .kind = K::kMap,
            .description = "Values for inputs of the flow; may be templates over `run`.",
            .item = &kAnyItem},
    KeySpec{.name = "disabled",
            .kind = K::kBool,
            .description = "It is not due. What it missed counts when it is enabled again."},
};

constexpr std::array kRenamedTriggerKeys{
    Renamed{"tz", "timezone"},       Renamed{"time_zone", "timezone"},
    Renamed{"schedule", "cron"},     Renamed{"expression", "cron"},
    Renamed{"catchup", "catch_up"},  Renamed{"catchUp", "catch_up"},
    Renamed{"backfill", "catch_up"}, Renamed{"catch_up_window", "window"},
    Renamed{"parameters", "inputs"}, Renamed{"pause", "disabled"},
};

}  // namespace

std::span<const KeySpec> trigger_keys() {
  return kTriggerKeys;
}
std::span<const Renamed> renamed_trigger_keys() {
  return kRenamedTriggerKeys;
}
std::span<const std::string_view> later_trigger_types() {
  return kLaterTypes;
}

}  // namespace cordyna::flow
