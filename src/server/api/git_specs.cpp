// What is told of namespaces that follow a branch.
#include "server/api/specs.hpp"

#include "model/git.hpp"

namespace cordyna::server {
namespace {

using enum ValueType;

constexpr std::array kGitCommitFields{
    Field{"commit", kString, true, "Its id."},
    Field{"author", kString, false, "Who made it."},
    Field{"summary", kString, false, "The first line of its message."},
    Field{"at", kTime, false, "When it was made."},
};
constexpr std::array kGitFlawFields{
    Field{"message", kString, true, "What was found, and what would be right."},
    Field{"file", kString, false, "In the repository; without it the commit as a whole."},
    Field{"line", kInteger, false, "From 1."},
    Field{"column", kInteger, false, "From 1."},
};
constexpr std::array kGitPlaceFields{
    Field{"commit", kString, true, "Of which commit it is, or on top of which it was changed."},
    Field{"path", kString, true, "Its file in the repository."},
    Field{"edited", kBoolean, true, "Whether it was changed here."},
};
constexpr std::array kGitFollowFields{
    Field{"namespace", kString, true, "Whose flows, and those below it."},
    Field{"url", kString, true, "The repository."},
    Field{"branch", kString, true, "Its branch."},
    Field{"folder", kString, false, "Of the repository; without it all of it."},
    Field{"push", kBoolean, true, "Whether flows may be changed here, too."},
    Field{"prune", kBoolean, true, "Whether flows go that the branch has no more."},
    Field{"every_ms", kInteger, true, "How often it is looked at."},
    Field{"busy", kBoolean, true, "Whether it is looked at right now."},
    Field{"applied", kRef, false, "The commit whose flows are in force.", {}, "GitCommit"},
    Field{"applied_at", kTime, false, "Since when."},
    Field{"seen",
          kRef,
          false,
          "The branch's newest commit, when it was looked at last.",
          {},
          "GitCommit"},
    Field{"looked_at", kTime, false, "When that was, by this server."},
    Field{"next_at", kTime, false, "When it is looked at again."},
    Field{"problem", kString, false, "What keeps it from following; without it all is well."},
    Field{"errors", kRefs, true, "For which `seen` is not applied.", {}, "GitFlaw"},
    Field{"edits", kStrings, true, "Flows that were changed here and not pushed."},
};
constexpr std::array kGitFields{
    Field{"follows", kRefs, true, "By their namespaces.", {}, "GitFollow"},
    Field{"problem", kString, false, "Why git.yaml cannot be read, and holds as it was before."},
};
constexpr std::array kGitSyncFields{
    Field{"discard", kBoolean, false,
          "What was changed here and not pushed gives way to the branch; wants the role author."},
};
constexpr std::array kGitPushFields{
    Field{"message",
          kString,
          false,
          "Of the commit; else it names the flows.",
          {},
          {},
          0,
          static_cast<std::int64_t>(kGitMessageMax)},
};

}  // namespace

const ObjectSpec kGitCommit{"GitCommit", "A commit.", kGitCommitFields};
const ObjectSpec kGitFlaw{"GitFlaw", "What is wrong in a commit.", kGitFlawFields};
const ObjectSpec kGitPlace{"GitPlace", "Where a flow came from.", kGitPlaceFields};
const ObjectSpec kGitFollowing{"GitFollow", "A namespace that follows a branch.", kGitFollowFields};
const ObjectSpec kGit{"Git", "Namespaces that follow a branch.", kGitFields};
const ObjectSpec kGitSync{"GitSync", "How it is looked at.", kGitSyncFields};
const ObjectSpec kGitPush{"GitPush", "What is said of a push.", kGitPushFields};

}  // namespace cordyna::server
