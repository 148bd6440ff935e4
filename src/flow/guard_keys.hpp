/// The keys of guards: of a guard task, and of the guard before a share.
///
/// Tables only.
#pragma once

#include <array>
#include <string_view>

#include "flow/key_spec.hpp"

namespace cordyna::flow::guard_detail {

using K = ValueKind;
using Word = std::string_view;

inline constexpr std::array kOnTrips{Word("hold"), Word("fail"), Word("warn")};
inline constexpr std::array kShareOnTrips{Word("hold"), Word("fail"), Word("warn"), Word("off")};
inline constexpr std::array kSeasons{Word("auto"), Word("weekday"), Word("none")};
inline constexpr std::array kWatchFields{
    KeySpec{.name = "drop",
            .kind = K::kScalar,
            .description = "It trips at so many percent less than usual, and warns at half of it."},
    KeySpec{.name = "rise",
            .kind = K::kScalar,
            .description = "It trips at so many percent more; percentage points for nulls(…)."},
    KeySpec{.name = "min", .kind = K::kNumber, .description = "It trips below this."},
    KeySpec{.name = "max", .kind = K::kNumber, .description = "It trips above this."},
};
inline constexpr KeySpec kWatch{.kind = K::kObject, .fields = kWatchFields};
inline constexpr KeySpec kSeries{.name = "series",
                                 .kind = K::kTemplate,
                                 .description =
                                     "The dataset whose history counts; without it, the "
                                     "flow's and the task's id."};
inline constexpr KeySpec kWatches{
    .name = "watch",
    .kind = K::kMap,
    .description =
        "rows, nulls(column), sum(column), mean(column), distinct(column), each with "
        "what it may do. Without it: rows may drop by 20 %, missing values of each "
        "column may rise by 15 percentage points (of the first 100 columns).",
    .keeps_order = true,
    .item = &kWatch,
    .least = 1};
inline constexpr KeySpec kSeason{.name = "season",
                                 .kind = K::kEnum,
                                 .description =
                                     "What a run is compared with: runs of the same weekday, "
                                     "or all; auto finds out.",
                                 .preset = "\"auto\"",
                                 .words = kSeasons};
inline constexpr std::string_view kOnTripText =
    "What happens when it trips: hold the run until a person decides, fail, or warn. Without it: "
    "hold where the dataset has at least 8 good runs, else warn.";

inline constexpr std::array kShareGuardFields{
    KeySpec{
        .name = "on_trip", .kind = K::kEnum, .description = kOnTripText, .words = kShareOnTrips},
    kSeries,
    kWatches,
    kSeason,
};

}  // namespace cordyna::flow::guard_detail
