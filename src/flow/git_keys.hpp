/// The keys of git.yaml.
#pragma once

#include <array>

#include "flow/key_spec.hpp"
#include "model/git.hpp"

namespace cordyna::flow {

namespace git_detail {

using K = ValueKind;

inline constexpr std::array kGitSecret{
    KeySpec{.name = "secret",
            .kind = K::kText,
            .description = "The name of the secret that holds it.",
            .required = true},
};

inline constexpr std::array kFollowFields{
    KeySpec{.name = "namespace",
            .kind = K::kNamespace,
            .description = "Whose flows, and of those below it, are those of the branch.",
            .required = true},
    KeySpec{.name = "url",
            .kind = K::kText,
            .description =
                "https://…, ssh://git@host/…, git@host:…, or file:///… below a folder of "
                "`server.git_folders`. Never with a password in it.",
            .required = true},
    KeySpec{.name = "branch",
            .kind = K::kText,
            .description = "Which one is followed, also where it is forced to another commit.",
            .preset = "\"main\""},
    KeySpec{.name = "folder",
            .kind = K::kText,
            .description = "Of the repository: flows and what they read lie in it and below it. "
                           "Without it: all of the repository."},
    KeySpec{.name = "every",
            .kind = K::kDuration,
            .description = "How often the branch is looked at.",
            .preset = "\"1m\"",
            .least = 5'000,
            .most = 86'400'000},
    KeySpec{.name = "push",
            .kind = K::kBool,
            .description = "Whether flows may be changed here too, by the UI and the API, and "
                           "pushed to the branch. Without it they are changed in the branch alone.",
            .preset = "false"},
    KeySpec{.name = "prune",
            .kind = K::kBool,
            .description = "Whether a flow that came by the branch is removed when it is gone "
                           "there; its runs stay.",
            .preset = "true"},
    KeySpec{.name = "user",
            .kind = K::kText,
            .description =
                "Of `password` or `token`, or of ssh where `url` names none. Without it git."},
    KeySpec{.name = "token",
            .kind = K::kObject,
            .description = "Never the token itself: {secret: NAME}. For https.",
            .fields = kGitSecret},
    KeySpec{.name = "password",
            .kind = K::kObject,
            .description = "Never the password itself: {secret: NAME}. Of `user`, for https.",
            .fields = kGitSecret},
    KeySpec{.name = "ssh_key",
            .kind = K::kObject,
            .description =
                "Never the key itself: {secret: NAME}, whose value is a private key. For ssh.",
            .fields = kGitSecret},
    KeySpec{.name = "passphrase",
            .kind = K::kObject,
            .description = "Never the passphrase itself: {secret: NAME}. Of `ssh_key`.",
            .fields = kGitSecret},
    KeySpec{.name = "known_hosts",
            .kind = K::kVerbatim,
            .description = "For ssh: who the other side must be, in lines as of ~/.ssh/known_hosts "
                           "(`ssh-keyscan HOST`), with plain names."},
};
inline constexpr KeySpec kFollowItem{.kind = K::kObject, .fields = kFollowFields};

inline constexpr std::array kGitKeys{
    KeySpec{.name = "follows",
            .kind = K::kList,
            .description = "One for each namespace.",
            .item = &kFollowItem,
            .most = kFollowsMax},
    KeySpec{
        .name = "ca_file",
        .kind = K::kText,
        .description = "PEM: authorities that are trusted beside the system's, for all follows."},
};

}  // namespace git_detail

inline constexpr auto& kGitFileKeys = git_detail::kGitKeys;

}  // namespace cordyna::flow
