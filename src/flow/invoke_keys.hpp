/// The keys of a task of type `invoke`.
#pragma once

#include <array>

#include "flow/key_spec.hpp"

namespace cordyna::flow::invoke_detail {

inline constexpr KeySpec kInputItem{.kind = ValueKind::kAny};

inline constexpr std::array kInvoke{
    KeySpec{.name = "server",
            .kind = ValueKind::kText,
            .description = "The id of the task server. Its team is the namespace of the flow.",
            .required = true},
    KeySpec{.name = "task",
            .kind = ValueKind::kText,
            .description = "The id of the task there; without it, that of the flow."},
    KeySpec{.name = "inputs",
            .kind = ValueKind::kMap,
            .description = "What the task is given, by name; templates are evaluated. Without it, "
                           "the inputs of the run.",
            .item = &kInputItem},
    KeySpec{.name = "slot_class",
            .kind = ValueKind::kText,
            .description = "Which slots of the server it takes; without it, `default`."},
    KeySpec{.name = "revision",
            .kind = ValueKind::kText,
            .description = "Of the task, as its server declares it: another one makes another "
                           "version of the flow."},
    KeySpec{.name = "output_schema",
            .kind = ValueKind::kText,
            .description = "JSON Schema of what the task gives, as a text; what it does not allow "
                           "ends the task with `OUTPUT_INVALID`."},
    KeySpec{.name = "input_schema",
            .kind = ValueKind::kText,
            .description = "JSON Schema of its inputs, as a text: without `inputs`, no run begins "
                           "with what it does not allow; with them, the task ends with "
                           "`INPUT_INVALID`."},
};

}  // namespace cordyna::flow::invoke_detail
