/// The keys of a file of tests: NAME.test.yaml beside a flow.
///
/// Tables only; parser, JSON Schema and reference are made from them.
#pragma once

#include <array>
#include <string_view>

#include "flow/key_spec.hpp"

namespace cordyna::flow::case_detail {

using K = ValueKind;
using Word = std::string_view;

inline constexpr std::array kRunStates{Word("completed"), Word("warning"), Word("error"),
                                       Word("cancelled"), Word("paused"),  Word("running")};
inline constexpr std::array kTaskStates{Word("completed"), Word("error"),     Word("skipped"),
                                        Word("blocked"),   Word("cancelled"), Word("pending"),
                                        Word("queued"),    Word("started")};
inline constexpr std::array kReal{Word("data"), Word("none"), Word("all")};
inline constexpr KeySpec kTextItem{.kind = K::kText};
inline constexpr KeySpec kAnyItem{.kind = K::kAny};

inline constexpr std::array kDecisionFields{
    KeySpec{.name = "by", .kind = K::kText, .description = "Who says so.", .preset = "\"test\""},
    KeySpec{.name = "note", .kind = K::kText, .description = "What they say about it."},
};

inline constexpr std::array kApprovalFields{
    kDecisionFields[0],
    kDecisionFields[1],
    KeySpec{
        .name = "with",
        .kind = K::kAny,
        .description = "A map: values for the inputs of a pause, as a file of inputs has them."},
};

inline constexpr std::array kFixtureFields{
    KeySpec{.name = "outputs", .kind = K::kAny, .description = "A map: the outputs it ends with."},
    KeySpec{.name = "after",
            .kind = K::kDuration,
            .description = "How long the attempt takes, by the virtual clock. Beside `approve` or "
                           "`reject`: how long the task is held.",
            .preset = "\"0s\""},
    KeySpec{.name = "warnings",
            .kind = K::kInt,
            .description = "So many warnings: the run ends in the state warning.",
            .most = 1'000'000},
    KeySpec{.name = "error",
            .kind = K::kText,
            .description = "The code of the error it ends in: EXIT_NONZERO, TIMEOUT_COMPLETE, …"},
    KeySpec{.name = "message", .kind = K::kText, .description = "The message of that error."},
    KeySpec{.name = "exit_code",
            .kind = K::kInt,
            .description = "The exit code of EXIT_NONZERO.",
            .preset = "1",
            .least = 1,
            .most = 255},
    KeySpec{.name = "attempts",
            .kind = K::kInt,
            .description = "Beside `error`: so many attempts fail, the next completes with "
                           "`outputs`. Without it all fail.",
            .least = 1,
            .most = 1000},
    KeySpec{.name = "data",
            .kind = K::kAny,
            .description = "Of a data step: its table. A file (CSV, JSON lines or Parquet, from "
                           "the test's folder), or a list of rows. For a `load` it stands in for "
                           "the source, and the contract is applied to it, but for `rows`."},
    KeySpec{.name = "hold",
            .kind = K::kText,
            .description = "It is done, and a person must decide first: why, as a guard says it."},
    KeySpec{.name = "approve",
            .kind = K::kObject,
            .description = "Where the task is held, a person approves.",
            .fields = kApprovalFields},
    KeySpec{.name = "reject",
            .kind = K::kObject,
            .description = "Where the task is held, a person rejects.",
            .fields = kDecisionFields},
    KeySpec{.name = "hangs", .kind = K::kBool, .description = "It never ends by itself."},
    KeySpec{.name = "real", .kind = K::kBool, .description = "It is run for real."},
};
inline constexpr KeySpec kFixtureItem{.kind = K::kObject, .fields = kFixtureFields};
inline constexpr KeySpec kFixtures{.kind = K::kList, .one_or_list = true, .item = &kFixtureItem};

inline constexpr std::array kTaskFields{
    KeySpec{.name = "state", .kind = K::kEnum, .description = "Its state.", .words = kTaskStates},
    KeySpec{.name = "attempts",
            .kind = K::kInt,
            .description = "How many attempts it took; 0: it was never begun."},
    KeySpec{.name = "outputs",
            .kind = K::kAny,
            .description = "Its outputs; what is not named is not compared."},
    KeySpec{.name = "error", .kind = K::kText, .description = "The code of its last error."},
    KeySpec{.name = "message",
            .kind = K::kText,
            .description = "A text that the message of that error contains."},
    KeySpec{
        .name = "blocked_by", .kind = K::kText, .description = "The task that it is blocked by."},
    KeySpec{.name = "warnings", .kind = K::kInt, .description = "How many warnings it gave."},
    KeySpec{.name = "held", .kind = K::kBool, .description = "Whether it waits for a person."},
    KeySpec{.name = "started_after",
            .kind = K::kDuration,
            .description = "When its first attempt began, from the start of the run."},
    KeySpec{.name = "ended_after",
            .kind = K::kDuration,
            .description = "When it ended, from the start of the run."},
};
inline constexpr KeySpec kTaskItem{
    .kind = K::kObject, .fields = kTaskFields, .short_field = "state"};

inline constexpr std::array kExpectFields{
    KeySpec{.name = "state",
            .kind = K::kEnum,
            .description = "The state of the run. Without it the run must end well: completed, or "
                           "warning.",
            .words = kRunStates},
    KeySpec{.name = "tasks",
            .kind = K::kMap,
            .description =
                "Tasks by their paths (`load`, `choose/load`, `each[2]/load` for one item "
                "of a foreach): a state, or what else is expected of one.",
            .item = &kTaskItem},
    KeySpec{.name = "order",
            .kind = K::kList,
            .description = "Tasks, each of which ends before the next one begins.",
            .item = &kTextItem,
            .least = 2},
    KeySpec{.name = "outputs",
            .kind = K::kAny,
            .description = "Outputs of the run; what is not named is not compared."},
    KeySpec{.name = "rows",
            .kind = K::kMap,
            .description = "Of data steps: how many rows, or the rows, in any order; columns that "
                           "are not named are not compared.",
            .item = &kAnyItem},
    KeySpec{.name = "duration",
            .kind = K::kDuration,
            .description = "From the start of the run to its end, by the virtual clock."},
};

inline constexpr std::array kEventFields{
    KeySpec{.name = "id", .kind = K::kText, .description = "Its id.", .preset = "\"test\""},
    KeySpec{.name = "data", .kind = K::kAny, .description = "Its body."},
    KeySpec{.name = "location",
            .kind = K::kText,
            .description = "Of a postgres trigger: its table, public.orders."},
    KeySpec{.name = "operation",
            .kind = K::kText,
            .description = "Of a postgres trigger: create, update or delete.",
            .preset = "\"create\""},
    KeySpec{.name = "headers",
            .kind = K::kMap,
            .description = "By their names in small letters.",
            .item = &kAnyItem},
    KeySpec{.name = "query", .kind = K::kMap, .description = "Of its address.", .item = &kAnyItem},
};

inline constexpr std::array kTestFields{
    KeySpec{.name = "id",
            .kind = K::kText,
            .description = "What the test is called; unique in its file.",
            .required = true},
    KeySpec{.name = "description", .kind = K::kText, .description = "What it is for."},
    KeySpec{.name = "inputs",
            .kind = K::kAny,
            .description = "A map of inputs of the run; paths are from the test's folder, those "
                           "in strings from the flow's."},
    KeySpec{.name = "at",
            .kind = K::kText,
            .description = "When the run starts by the virtual clock: 2026-03-29T01:59:00Z.",
            .preset = "\"2026-01-01T00:00:00Z\""},
    KeySpec{.name = "trigger",
            .kind = K::kText,
            .description = "The trigger of the flow that starts the run, and gives its inputs."},
    KeySpec{.name = "event",
            .kind = K::kObject,
            .description = "What comes in through `trigger`, of a type that has events.",
            .fields = kEventFields},
    KeySpec{.name = "scheduled_for",
            .kind = K::kText,
            .description = "The time that the run stands for. With `trigger`, without it: the last "
                           "one that was due by `at`."},
    KeySpec{.name = "secrets",
            .kind = K::kMap,
            .description = "Secrets by their names. No test sees a real one.",
            .item = &kTextItem},
    KeySpec{.name = "slots",
            .kind = K::kInt,
            .description = "Processes at once.",
            .preset = "4",
            .least = 1,
            .most = 10'000},
    KeySpec{.name = "run",
            .kind = K::kEnum,
            .description = "Which tasks without a fixture are run for real: data steps that read "
                           "local files or other steps and write nowhere (data), none, or all, "
                           "with what they do to the world. The others fail the test.",
            .preset = "\"data\"",
            .words = kReal},
    KeySpec{.name = "timeout",
            .kind = K::kDuration,
            .description = "How long, by a real clock, the tasks that are run for real may take.",
            .preset = "\"5m\"",
            .least = 1},
    KeySpec{.name = "fixtures",
            .kind = K::kMap,
            .description = "Tasks by their paths that are not run, and how each ends: at once and "
                           "well ({}), or as is said. A list has one for each attempt; the last "
                           "one holds for all that follow. Inside of a foreach (`each/load`) it "
                           "holds for all items.",
            .item = &kFixtures},
    KeySpec{.name = "expect",
            .kind = K::kObject,
            .description = "What must come of it.",
            .required = true,
            .fields = kExpectFields},
};
inline constexpr KeySpec kTestItem{.kind = K::kObject, .fields = kTestFields};

inline constexpr std::array kFileFields{
    KeySpec{.name = "flow",
            .kind = K::kText,
            .description = "The flow, from the test's folder; without it, the file of the same "
                           "name without `.test`."},
    KeySpec{.name = "tests",
            .kind = K::kList,
            .description = "The tests.",
            .required = true,
            .item = &kTestItem,
            .least = 1},
};

}  // namespace cordyna::flow::case_detail
