/// The keys of contracts, in a file or inline.
///
/// Tables only.
#pragma once

#include <array>
#include <span>
#include <string_view>

#include "flow/key_spec.hpp"

namespace cordyna::flow::contract_detail {

using K = ValueKind;
using Word = std::string_view;

inline constexpr KeySpec kNameItem{.kind = K::kText};
inline constexpr KeySpec kScalarItem{.kind = K::kScalar};
inline constexpr std::array kSeverities{Word("fail"), Word("warn"), Word("quarantine")};
// Each kind of drift has the words that mean something for it: a whole column can be added, single
// rows can be set aside.
inline constexpr std::array kDrifts{Word("fail"), Word("warn"), Word("ignore")};
inline constexpr std::array kNewDrifts{Word("fail"), Word("warn"), Word("add"), Word("ignore")};
inline constexpr std::array kTypeDrifts{Word("fail"), Word("warn"), Word("ignore"),
                                        Word("quarantine")};

inline constexpr KeySpec drift(Word name, Word description, std::span<const Word> words = kDrifts) {
  return {.name = name, .kind = K::kEnum, .description = description, .words = words};
}

inline constexpr std::array kDriftFields{
    drift("new", "A column that the contract does not have; add takes it along.", kNewDrifts),
    drift("missing", "A column of the contract is not there; it is all NULL then."),
    drift("order", "The columns come in another order."),
    drift("type",
          "A column has another type in the file. Rows whose value is not of its column's type are "
          "rejects; with quarantine they are set aside with the value as it was.",
          kTypeDrifts),
    drift("delimiter", "The columns are parted by another character."),
    drift("format", "The file has another format."),
    drift("encoding", "The file has another encoding."),
};

inline constexpr KeySpec kBoolItem{.kind = K::kBool};

inline constexpr std::array kColumnFields{
    KeySpec{.name = "type",
            .kind = K::kColumnType,
            .description = "string, int32, int64, double, decimal(p,s), date, timestamp or bool.",
            .required = true},
    KeySpec{.name = "format",
            .kind = K::kText,
            .description = "How dates and times are written: %m/%d/%Y."},
    KeySpec{.name = "required",
            .kind = K::kBool,
            .description = "Whether a value must be there.",
            .preset = "false"},
    KeySpec{.name = "match",
            .kind = K::kText,
            .description = "A regular expression that the whole value matches."},
    KeySpec{.name = "min_length", .kind = K::kInt, .description = "The fewest characters."},
    KeySpec{.name = "max_length", .kind = K::kInt, .description = "The most characters."},
    KeySpec{.name = "min", .kind = K::kScalar, .description = "The least value."},
    KeySpec{.name = "max", .kind = K::kScalar, .description = "The largest value."},
    KeySpec{.name = "range",
            .kind = K::kList,
            .description = "The least and the largest value.",
            .item = &kScalarItem,
            .least = 2},
    KeySpec{.name = "in",
            .kind = K::kList,
            .description = "The values that are allowed.",
            .item = &kScalarItem,
            .least = 1},
    KeySpec{.name = "to_bool",
            .kind = K::kMap,
            .description = "Makes a bool of it: each text that the source may have with true or "
                           "false. Other texts are not of the column's type.",
            .item = &kBoolItem,
            .least = 1},
    KeySpec{.name = "unique",
            .kind = K::kBool,
            .description = "Whether no two rows may have the same value."},
    KeySpec{.name = "refs",
            .kind = K::kDataColumn,
            .description = "A column of another data task of the flow that has each value: "
                           "zips.code. The load waits for that task."},
    KeySpec{.name = "on_fail",
            .kind = K::kEnum,
            .description = "What rows do that break a rule of this column: fail the load, warn, or "
                           "go into quarantine.",
            .words = kSeverities},
    KeySpec{.name = "pii",
            .kind = K::kBool,
            .description = "Whether it tells about a person.",
            .preset = "false"},
    KeySpec{.name = "description", .kind = K::kText, .description = "What it means."},
};
inline constexpr KeySpec kColumn{
    .kind = K::kObject, .fields = kColumnFields, .short_field = "type"};

inline constexpr std::array kUniqueFields{
    KeySpec{.name = "columns",
            .kind = K::kList,
            .description = "The columns of the key.",
            .required = true,
            .one_or_list = true,
            .item = &kNameItem,
            .least = 1},
    KeySpec{.name = "on_fail",
            .kind = K::kEnum,
            .description = "What happens where rows share a key: fail (unless said otherwise), "
                           "warn, or all of them go into quarantine.",
            .words = kSeverities},
};
inline constexpr KeySpec kUnique{
    .kind = K::kObject, .fields = kUniqueFields, .short_field = "columns"};

inline constexpr std::array kRejectFields{
    KeySpec{.name = "max_percent",
            .kind = K::kNumber,
            .description = "How many of a hundred lines may be unreadable.",
            .preset = "0",
            .most = 100},
};

inline constexpr std::array kRowFields{
    KeySpec{.name = "min", .kind = K::kInt, .description = "The fewest rows."},
    KeySpec{.name = "max", .kind = K::kInt, .description = "The most rows."},
};

inline constexpr std::array kFreshnessFields{
    KeySpec{
        .name = "column", .kind = K::kText, .description = "A date or a time.", .required = true},
    KeySpec{.name = "max_age",
            .kind = K::kDuration,
            .description = "How old its latest value may be.",
            .required = true,
            .least = 1},
};

inline constexpr std::array kContractKeys{
    KeySpec{.name = "id", .kind = K::kText, .description = "What others know it by."},
    KeySpec{.name = "title", .kind = K::kText, .description = "What people call it."},
    KeySpec{.name = "name", .kind = K::kText, .description = "What its data is called."},
    KeySpec{.name = "version", .kind = K::kText, .description = "Its version."},
    KeySpec{.name = "status", .kind = K::kText, .description = "draft, active, retired."},
    KeySpec{.name = "description", .kind = K::kText, .description = "What the data means."},
    KeySpec{.name = "columns",
            .kind = K::kMap,
            .description = "The columns in their order: a name with its type, or with its rules.",
            .required = true,
            .keeps_order = true,
            .item = &kColumn,
            .least = 1},
    KeySpec{.name = "drift",
            .kind = K::kObject,
            .description = "What happens when the source changed.",
            .fields = kDriftFields},
    KeySpec{.name = "rename",
            .kind = K::kMap,
            .description = "Names that a column may have in the source, each with its name here.",
            .item = &kNameItem},
    KeySpec{.name = "unique",
            .kind = K::kList,
            .description = "Keys that no two rows share: each a column, a list of columns, or "
                           "columns with on_fail.",
            .item = &kUnique},
    KeySpec{.name = "rows",
            .kind = K::kObject,
            .description = "How many rows there must be.",
            .fields = kRowFields},
    KeySpec{.name = "freshness",
            .kind = K::kObject,
            .description = "How old the newest row may be.",
            .fields = kFreshnessFields},
    KeySpec{.name = "rejects",
            .kind = K::kObject,
            .description = "Lines that cannot be read; what the task says itself goes first.",
            .fields = kRejectFields},
};

}  // namespace cordyna::flow::contract_detail
