/// The keys of connections to databases that are files.
///
/// Tables only.
#pragma once

#include <array>

#include "flow/key_spec.hpp"

namespace cordyna::flow::connection_detail {

inline constexpr std::array kSecretFields{
    KeySpec{.name = "secret",
            .kind = ValueKind::kText,
            .description = "The name of the secret that holds it.",
            .required = true},
};

inline constexpr std::array kSqliteTypes{std::string_view("sqlite")};
inline constexpr std::array kDuckdbTypes{std::string_view("duckdb")};

inline constexpr KeySpec kFileName{
    .name = "name",
    .kind = ValueKind::kId,
    .description = "What messages call it; the name of its file, where it has one."};
inline constexpr KeySpec kReadOnly{.name = "read_only",
                                   .kind = ValueKind::kBool,
                                   .description =
                                       "Whether nothing is written there; it is not made "
                                       "then, either. Without it, false."};
inline constexpr KeySpec kLockTimeout{
    .name = "lock_timeout",
    .kind = ValueKind::kDuration,
    .description = "How long another program that writes is waited for. Without it, 10s.",
    .least = 1};

inline constexpr std::array kSqliteFields{
    KeySpec{.name = "type",
            .kind = ValueKind::kEnum,
            .description = "What is connected to.",
            .required = true,
            .words = kSqliteTypes},
    kFileName,
    KeySpec{.name = "database",
            .kind = ValueKind::kText,
            .description = "The file, from the flow's folder. It is made if it is not there.",
            .required = true},
    kReadOnly,
    kLockTimeout,
};

inline constexpr std::array kDuckdbFields{
    KeySpec{.name = "type",
            .kind = ValueKind::kEnum,
            .description = "What is connected to.",
            .required = true,
            .words = kDuckdbTypes},
    kFileName,
    KeySpec{.name = "database",
            .kind = ValueKind::kText,
            .description = "The file, from the flow's folder. It is made if it is not there. "
                           "Without it, the database is in memory, and gone with the task."},
    kReadOnly,
};

}  // namespace cordyna::flow::connection_detail
