/// The keys of a task of type `notify`.
///
/// Tables only.
#pragma once

#include <array>

#include "flow/key_spec.hpp"

namespace cordyna::flow::notify_detail {

using K = ValueKind;

inline constexpr KeySpec kChannelItem{.kind = K::kTemplate};

inline constexpr std::array kNotify{
    KeySpec{.name = "message",
            .kind = K::kTemplate,
            .description = "What is said. Below it stands who says it: flow, task and run.",
            .required = true},
    KeySpec{.name = "subject",
            .kind = K::kTemplate,
            .description = "Its title, and the subject of an e-mail. Without it, the first line of "
                           "`message`."},
    KeySpec{.name = "channels",
            .kind = K::kList,
            .description = "Channels of teams.yaml. One of type email without `to` writes to the "
                           "contacts of the task's owner.",
            .one_or_list = true,
            .shared = true,
            .item = &kChannelItem,
            .least = 1,
            .most = 20},
    KeySpec{.name = "team",
            .kind = K::kTemplate,
            .description = "Instead of `channels`, those of a team of teams.yaml.",
            .shared = true},
};

}  // namespace cordyna::flow::notify_detail
