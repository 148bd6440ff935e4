/// The keys of a task of type `kubernetes`.
#pragma once

#include <array>

#include "flow/container_keys.hpp"
#include "flow/key_spec.hpp"

namespace cordyna::flow::kubernetes_detail {

using container_detail::kPulls;
using container_detail::kWord;
using K = ValueKind;

inline constexpr std::array kRequestFields{
    KeySpec{.name = "cpu",
            .kind = K::kCpu,
            .description = "Cores, as 0.5 or 2; at least 0.01.",
            .most = 4096},
    KeySpec{.name = "memory",
            .kind = K::kSize,
            .description = "As 256MB; at least 1MiB.",
            .least = std::int64_t{1} << 20},
};

inline constexpr std::array kKubernetes{
    KeySpec{.name = "image",
            .kind = K::kTemplate,
            .description = "The image, as alpine:3.20 or ghcr.io/team/app@sha256:…",
            .required = true},
    KeySpec{.name = "command",
            .kind = K::kList,
            .description = "The command with its words, each one word whatever is in it; one "
                           "string is parted at blanks. It stands behind the image's entrypoint, "
                           "as a container's: Kubernetes calls it args. Without it, the image's.",
            .one_or_list = true,
            .splits = true,
            .item = &kWord,
            .least = 1},
    KeySpec{.name = "entrypoint",
            .kind = K::kList,
            .description = "What stands before the command, instead of the image's: Kubernetes "
                           "calls it command.",
            .one_or_list = true,
            .splits = true,
            .item = &kWord,
            .least = 1},
    KeySpec{.name = "script",
            .kind = K::kShell,
            .description = "Instead of both: a script for a shell of the image. Each {{ … }} is "
                           "bound to an environment variable, so that no value becomes program "
                           "text."},
    KeySpec{.name = "interpreter",
            .kind = K::kList,
            .description = "Of `script`: the image's shell and its options; one string is parted "
                           "at blanks. Without it, /bin/sh -e.",
            .one_or_list = true,
            .splits = true,
            .shared = true,
            .item = &kWord,
            .least = 1},
    KeySpec{.name = "working_dir",
            .kind = K::kTemplate,
            .description = "Where the command begins. Without it, the image's."},
    KeySpec{.name = "pull",
            .kind = K::kEnum,
            .description = "When the image is fetched: where it is missing, always, or never. "
                           "Without it, as the cluster does: always for :latest.",
            .shared = true,
            .words = kPulls},
    KeySpec{.name = "pull_secrets",
            .kind = K::kList,
            .description = "Names of Secrets of the namespace, with what the image's registry "
                           "wants to know.",
            .one_or_list = true,
            .shared = true,
            .item = &kWord,
            .least = 1,
            .most = 20},
    KeySpec{.name = "context",
            .kind = K::kTemplate,
            .description = "The context of the server's kubeconfig. Without it, the current one; "
                           "others where DYNA_KUBERNETES_CONTEXTS of the server names them.",
            .shared = true},
    KeySpec{.name = "namespace",
            .kind = K::kTemplate,
            .description = "Where the Job is made. Without it, the namespace of the context; "
                           "where DYNA_KUBERNETES_NAMESPACES of the server is set, one of those.",
            .shared = true},
    KeySpec{.name = "service_account",
            .kind = K::kTemplate,
            .description = "As whom the pod may use the cluster, of those that "
                           "DYNA_KUBERNETES_SERVICE_ACCOUNTS of the server names. Without it, the "
                           "pod gets no token.",
            .shared = true},
    KeySpec{.name = "node_selector",
            .kind = K::kMap,
            .description = "Labels that a node must have.",
            .shared = true,
            .item = &kWord},
    KeySpec{.name = "requests",
            .kind = K::kObject,
            .description = "What a node must have free, where it is less than `resources`, which "
                           "are the limits.",
            .shared = true,
            .fields = kRequestFields},
    KeySpec{.name = "job_labels",
            .kind = K::kMap,
            .description = "Labels of the Job and its pod, for the cluster's own tools.",
            .shared = true,
            .item = &kWord},
    KeySpec{.name = "job_annotations",
            .kind = K::kMap,
            .description = "Annotations of the Job and its pod.",
            .shared = true,
            .item = &kWord},
    KeySpec{.name = "ttl",
            .kind = K::kDuration,
            .description = "How long the Job stays in the cluster when it has ended, for kubectl. "
                           "Without it, it is removed as soon as its end is written down here.",
            .shared = true,
            .least = 1000,
            .most = std::int64_t{366} * 86'400'000},
};

}  // namespace cordyna::flow::kubernetes_detail
