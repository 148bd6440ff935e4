/// The keys of one column of a secure task.
///
/// Tables only.
#pragma once

#include <array>
#include <string_view>

#include "flow/key_spec.hpp"

namespace cordyna::flow::care_detail {

using K = ValueKind;
using Word = std::string_view;

inline constexpr std::array kCares{Word("drop"), Word("keep"), Word("hash")};
inline constexpr std::array kTokens{Word("hmac")};

inline constexpr std::array kCareFields{
    KeySpec{.name = "how",
            .kind = K::kEnum,
            .description = "drop it, hash it (SHA-256), or keep it as it is.",
            .words = kCares},
    KeySpec{.name = "mask",
            .kind = K::kInt,
            .description = "Stars for all but so many characters at the end.",
            .most = 1000},
    KeySpec{.name = "round",
            .kind = K::kScalar,
            .description = "To so many digits, or to the year, month, week, day or hour."},
    KeySpec{.name = "token",
            .kind = K::kEnum,
            .description = "hmac: a token that is the same for the same value and key "
                           "(HMAC-SHA-256), and tells nothing without the key.",
            .words = kTokens},
    KeySpec{.name = "key",
            .kind = K::kText,
            .description = "The name of the secret that is the key of `token`."},
};
inline constexpr KeySpec kCare{.kind = K::kObject, .fields = kCareFields, .short_field = "how"};

}  // namespace cordyna::flow::care_detail
