/// The keys of tasks that reach servers: how files go over the network.
///
/// Tables only.
#pragma once

#include <array>

#include "flow/key_spec.hpp"

namespace cordyna::flow::remote_detail {

using K = ValueKind;

inline constexpr KeySpec kConnectTimeout{
    .name = "connect_timeout",
    .kind = K::kDuration,
    .description = "How long each address of the server may take to accept. Without it, 10s.",
    .least = 1};
inline constexpr KeySpec kIdleTimeout{.name = "idle_timeout",
                                      .kind = K::kDuration,
                                      .description = "How long nothing may come. Without it, 1m.",
                                      .least = 1};

inline constexpr std::array kTransferFields{
    KeySpec{.name = "attempts",
            .kind = K::kInt,
            .description = "How often it is tried where another time may do: no connection, 408, "
                           "425, 429, 5xx, a body that was cut short.",
            .preset = "5",
            .least = 1,
            .most = 100},
    KeySpec{.name = "delay",
            .kind = K::kDuration,
            .description = "The time before the second attempt, doubled each time up to 1m; what "
                           "the server asks for (Retry-After) goes before it, up to 5m. "
                           "Without it, 1s."},
    kConnectTimeout,
    kIdleTimeout,
    KeySpec{.name = "max_size",
            .kind = K::kSize,
            .description =
                "How large a file may be that is fetched, packed and unpacked. Without it, 64GiB.",
            .least = 1},
};

inline constexpr std::array kSecretFields{
    KeySpec{.name = "secret",
            .kind = K::kText,
            .description = "The name of the secret that holds it.",
            .required = true},
};

inline constexpr std::array kAuthFields{
    KeySpec{.name = "user", .kind = K::kTemplate, .description = "Who asks.", .required = true},
    KeySpec{.name = "password",
            .kind = K::kObject,
            .description = "Never the password itself: {secret: NAME}.",
            .required = true,
            .fields = kSecretFields},
};

inline constexpr KeySpec kTransfer{.name = "transfer",
                                   .kind = K::kObject,
                                   .description = "How files go over the network.",
                                   .shared = true,
                                   .fields = kTransferFields};

}  // namespace cordyna::flow::remote_detail
