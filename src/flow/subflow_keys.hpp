/// The keys of a task of type `flow`, and of a need of another flow.
#pragma once

#include <array>

#include "flow/key_spec.hpp"

namespace cordyna::flow::subflow_detail {

inline constexpr std::int64_t kWithinMost = std::int64_t{36'500} * 86'400'000;
inline constexpr std::array kOnErrors{std::string_view("fail"), std::string_view("continue")};
inline constexpr KeySpec kInputItem{.kind = ValueKind::kAny};

inline constexpr KeySpec kFlow{
    .name = "flow",
    .kind = ValueKind::kText,
    .description = "The other flow: NAMESPACE/ID, or the ID of one in the same namespace.",
    .required = true};

inline constexpr std::array kSubflow{
    kFlow,
    KeySpec{.name = "inputs",
            .kind = ValueKind::kMap,
            .description = "Inputs of its run, by name; templates in them are evaluated.",
            .item = &kInputItem},
    KeySpec{.name = "wait",
            .kind = ValueKind::kBool,
            .description = "Whether the task ends with the run; if not, when that has begun.",
            .preset = "true"},
    KeySpec{.name = "within",
            .kind = ValueKind::kDuration,
            .description = "Where a run of the other flow completed so long ago at most, none is "
                           "begun; where one is running, its end is waited for. With `inputs`, "
                           "only runs with the same inputs count; those of backfills never do.",
            .least = 1,
            .most = kWithinMost},
    KeySpec{.name = "on_error",
            .kind = ValueKind::kEnum,
            .description = "What becomes of the task where the run does not complete: it ends in "
                           "error, or completes, and outputs.ID.run.state says how the run ended.",
            .preset = "\"fail\"",
            .words = kOnErrors},
};

/// Of a map in `needs`.
inline constexpr std::array kNeed{
    kFlow,
    KeySpec{.name = "within",
            .kind = ValueKind::kDuration,
            .description = "A run that completed so long ago at most will do, and one that is "
                           "running is joined. Without it, a new run goes before.",
            .least = 1,
            .most = kWithinMost},
};

}  // namespace cordyna::flow::subflow_detail
