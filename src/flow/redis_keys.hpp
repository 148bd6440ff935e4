/// The keys of a connection to Redis.
///
/// Tables only.
#pragma once

#include <array>

#include "flow/database_keys.hpp"
#include "flow/key_spec.hpp"

namespace cordyna::flow::connection_detail {

inline constexpr std::array kRedisTypes{std::string_view("redis")};

inline constexpr std::array kRedisFields{
    KeySpec{.name = "type",
            .kind = ValueKind::kEnum,
            .description = "What is connected to.",
            .required = true,
            .words = kRedisTypes},
    KeySpec{.name = "name",
            .kind = ValueKind::kId,
            .description = "What messages call it; the name of its file, where it has one."},
    KeySpec{.name = "host",
            .kind = ValueKind::kText,
            .description = "A name, an address, or the path of a Unix socket.",
            .required = true},
    KeySpec{.name = "port",
            .kind = ValueKind::kInt,
            .description = "Without it, 6379.",
            .least = 1,
            .most = 65535},
    KeySpec{.name = "database",
            .kind = ValueKind::kInt,
            .description = "The number of the database. Without it, 0.",
            .least = 0,
            .most = 1'000'000},
    KeySpec{.name = "tls",
            .kind = ValueKind::kBool,
            .description = "The connection is encrypted, and the server's certificate and name are "
                           "checked. Without this key it is not."},
    KeySpec{.name = "ca_file",
            .kind = ValueKind::kText,
            .description = "The file of the authorities that are trusted, in PEM. Without it, "
                           "those of this machine."},
    KeySpec{.name = "user",
            .kind = ValueKind::kText,
            .description = "Who we are. Without it, the server's default user."},
    KeySpec{.name = "password",
            .kind = ValueKind::kObject,
            .description = "Never the password itself: {secret: NAME}.",
            .fields = kSecretFields},
};

inline constexpr KeySpec kRedisConnection{
    .name = "connection",
    .kind = ValueKind::kObject,
    .description =
        "A connection of type redis: the name of a file in connections/ (beside the nearest "
        "cordyna.yaml, else beside the flow) without .yaml, or the connection itself.",
    .required = true,
    .fields = kRedisFields};

}  // namespace cordyna::flow::connection_detail
