/// Keys of `share`: where to, and what happens to formulas.
///
/// Tables only.
#pragma once

#include <array>

#include "flow/connection_keys.hpp"

namespace cordyna::flow::share_detail {

inline constexpr KeySpec kTo{
    .name = "to",
    .kind = ValueKind::kList,
    .description =
        "Files, from the flow's folder, s3://BUCKET/KEY or gs://BUCKET/NAME (.parquet, "
        ".csv, .json or .jsonl), and tables, as CONNECTION/TABLE: what ends otherwise "
        "than files do is a table, and where both could be meant, that is an error. "
        "Nothing is visible before all of it is there.",
    .required = true,
    .one_or_list = true,
    .item = &connection_detail::kTarget,
    .least = 1};

inline constexpr std::array kFormulaWords{std::string_view("warn"), std::string_view("keep"),
                                          std::string_view("escape"), std::string_view("fail")};
inline constexpr KeySpec kFormulas{
    .name = "formulas",
    .kind = ValueKind::kEnum,
    .description =
        "What happens to texts in CSV that a spreadsheet would run as a formula (=…, "
        "@…, +… or -… that is no number): warn and write them, keep them silently, "
        "escape them by ' in front, or fail. Without it: warn.",
    .words = kFormulaWords};

}  // namespace cordyna::flow::share_detail
