/// The keys of a task whose type is a plugin's.
///
/// Tables only.
#pragma once

#include <array>

#include "flow/key_spec.hpp"

namespace cordyna::flow::plugin_detail {

using K = ValueKind;

inline constexpr KeySpec kInput{.kind = K::kAny};

inline constexpr KeySpec kInputs{
    .name = "inputs",
    .kind = K::kMap,
    .description =
        "What the program is given, by name; templates are evaluated. Held to the JSON "
        "Schema that it declares: what stands there when the flow is checked, and all "
        "of it before the program is invoked.",
    .item = &kInput};

inline constexpr std::array kPlugin{kInputs};

inline constexpr std::array kDeclaredFields{
    KeySpec{.name = "version", .kind = K::kText},
    KeySpec{.name = "input_schema", .kind = K::kText},
    KeySpec{.name = "output_schema", .kind = K::kText},
};

/// As a version of a flow is kept: with what the program declared when it was checked.
inline constexpr std::array kStoredPlugin{
    kInputs, KeySpec{.name = "declared", .kind = K::kObject, .fields = kDeclaredFields}};

}  // namespace cordyna::flow::plugin_detail
