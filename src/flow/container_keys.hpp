/// The keys of a task of type `container`.
#pragma once

#include <array>

#include "flow/key_spec.hpp"

namespace cordyna::flow::container_detail {

inline constexpr std::array kPulls{std::string_view("missing"), std::string_view("always"),
                                   std::string_view("never")};
inline constexpr KeySpec kWord{.kind = ValueKind::kTemplate};

inline constexpr std::array kMountFields{
    KeySpec{.name = "source",
            .kind = ValueKind::kTemplate,
            .description = "A folder or file of this machine, beginning with / or, from the flow's "
                           "folder, with a dot; or the name of a volume. Outside of the flow's "
                           "folder only what DYNA_CONTAINER_MOUNTS of the server names.",
            .required = true},
    KeySpec{.name = "target",
            .kind = ValueKind::kTemplate,
            .description = "Where the container finds it: an absolute path.",
            .required = true},
    KeySpec{.name = "read_only",
            .kind = ValueKind::kBool,
            .description = "Whether the container may only read it.",
            .preset = "true"},
};
inline constexpr KeySpec kMount{.kind = ValueKind::kObject, .fields = kMountFields};

inline constexpr std::array kAuthFields{
    KeySpec{.name = "username",
            .kind = ValueKind::kTemplate,
            .description = "The user.",
            .required = true},
    KeySpec{.name = "password",
            .kind = ValueKind::kTemplate,
            .description = "The password or token, as \"{{ secret('REGISTRY') }}\".",
            .required = true},
};

inline constexpr std::array kContainer{
    KeySpec{.name = "image",
            .kind = ValueKind::kTemplate,
            .description = "The image, as alpine:3.20 or ghcr.io/team/app@sha256:…",
            .required = true},
    KeySpec{.name = "command",
            .kind = ValueKind::kList,
            .description = "The command with its words, each one word whatever is in it; one "
                           "string is parted at blanks. Without it, the image's.",
            .one_or_list = true,
            .splits = true,
            .item = &kWord,
            .least = 1},
    KeySpec{.name = "entrypoint",
            .kind = ValueKind::kList,
            .description = "What stands before the command, instead of the image's.",
            .one_or_list = true,
            .splits = true,
            .item = &kWord,
            .least = 1},
    KeySpec{.name = "pull",
            .kind = ValueKind::kEnum,
            .description = "When the image is fetched: where it is missing, always, or never.",
            .shared = true,
            .preset = "\"missing\"",
            .words = kPulls},
    KeySpec{.name = "auth",
            .kind = ValueKind::kObject,
            .description = "Who we are to the image's registry.",
            .shared = true,
            .fields = kAuthFields},
    KeySpec{.name = "mounts",
            .kind = ValueKind::kList,
            .description = "What of this machine the container sees.",
            .item = &kMount,
            .least = 1,
            .most = 100},
    KeySpec{.name = "network",
            .kind = ValueKind::kTemplate,
            .description = "bridge (a network of its own, with a way out), none, or one that "
                           "DYNA_CONTAINER_NETWORKS of the server names.",
            .shared = true,
            .preset = "\"bridge\""},
    KeySpec{.name = "user",
            .kind = ValueKind::kTemplate,
            .description = "Who runs in it: a name, a number, or USER:GROUP. Without it, the "
                           "image's.",
            .shared = true},
    KeySpec{.name = "working_dir",
            .kind = ValueKind::kTemplate,
            .description = "Where the command begins. Without it, the image's."},
    KeySpec{.name = "read_only",
            .kind = ValueKind::kBool,
            .description = "Whether nothing can be written but to mounts and $DYNA_ARTIFACTS.",
            .shared = true,
            .preset = "false"},
    KeySpec{.name = "init",
            .kind = ValueKind::kBool,
            .description = "Whether a small first process ends what the command's children leave.",
            .shared = true,
            .preset = "false"},
    KeySpec{.name = "tty",
            .kind = ValueKind::kBool,
            .description = "Whether the command has a terminal; its errors then come with its "
                           "output.",
            .preset = "false"},
    KeySpec{.name = "container_labels",
            .kind = ValueKind::kMap,
            .description = "Labels of the container, for Docker's own tools.",
            .item = &kWord},
};

}  // namespace cordyna::flow::container_detail
