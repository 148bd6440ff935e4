/// The keys of a place in cordyna.yaml, and of `place` of a task.
#pragma once

#include <array>

#include "flow/key_spec.hpp"
#include "model/place.hpp"

namespace cordyna::flow::place_detail {

using K = ValueKind;

inline constexpr KeySpec kLabel{.kind = K::kText};

inline constexpr std::array kPlaceFields{
    KeySpec{.name = "type",
            .kind = K::kEnum,
            .description =
                "local: processes of this machine, which take one of its slots, too. docker: a "
                "Docker daemon of this machine. kubernetes: a namespace of a cluster.",
            .required = true,
            .words = kPlaceTypes},
    KeySpec{.name = "description", .kind = K::kText, .description = "What it is for."},
    KeySpec{.name = "slots",
            .kind = K::kInt,
            .description = "How many attempts run there at a time. Without it any number.",
            .least = 1,
            .most = kPlaceSlotsMax},
    KeySpec{.name = "cpu",
            .kind = K::kCpu,
            .description =
                "Cores, of all attempts there together: what their `resources.cpu` add up to. "
                "Without it any number; tasks without `resources.cpu` count nothing.",
            .most = 1'000'000},
    KeySpec{.name = "memory",
            .kind = K::kSize,
            .description = "The same of `resources.memory`, as 64GB.",
            .least = std::int64_t{1} << 20},
    KeySpec{.name = "cost",
            .kind = K::kNumber,
            .description = "What it costs, compared with others: of those that fit and have room, "
                           "the cheapest is taken.",
            .preset = "0",
            .least = 0,
            .most = 1'000'000},
    KeySpec{.name = "labels",
            .kind = K::kMap,
            .description = "What tasks may ask for: {gpu: a100}.",
            .item = &kLabel},
    KeySpec{.name = "host",
            .kind = K::kText,
            .description = "Of docker: the daemon's socket, as unix:///run/docker.sock. Without "
                           "it, DOCKER_HOST, or the daemon of this machine."},
    KeySpec{.name = "context",
            .kind = K::kText,
            .description = "Of kubernetes: the context of the kubeconfig. Without it, the current "
                           "one."},
    KeySpec{.name = "namespace",
            .kind = K::kText,
            .description = "Of kubernetes: where Jobs are made. Without it, that of the context."},
};

inline constexpr std::array kNeedFields{
    KeySpec{.name = "name", .kind = K::kId, .description = "This place alone."},
    KeySpec{.name = "labels",
            .kind = K::kMap,
            .description = "Labels that the place has.",
            .item = &kLabel},
};

}  // namespace cordyna::flow::place_detail
