/// A namespace that follows a branch of a git repository: what git.yaml says of it, where a flow
/// of it came from, and how that goes.
///
/// Values. Threads: any.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/time.hpp"
#include "model/alert.hpp"

namespace cordyna {

inline constexpr std::size_t kFollowsMax = 100;
inline constexpr std::size_t kGitMessageMax = 10'000;
inline constexpr std::size_t kGitFlawsMax = 100;  ///< that are kept of one commit

/// What git.yaml says of one namespace.
struct GitFollow {
  std::string ns;
  std::string url;
  std::string branch = "main";
  std::string folder{};  ///< in the repository, without / at its ends; empty: all of it
  Millis every = 60'000;
  bool push = false;
  bool prune = true;  ///< flows that the branch has no more are removed
  std::string user{};
  MaybeSecret token{};     ///< a name of a secret; so are the next three
  MaybeSecret password{};  ///< of `user`
  MaybeSecret ssh_key{};
  MaybeSecret passphrase{};   ///< of the key
  std::string known_hosts{};  ///< lines as of ~/.ssh/known_hosts

  bool operator==(const GitFollow&) const = default;
};

struct GitPlan {
  std::vector<GitFollow> follows{};  ///< in order of their namespaces, none within another
  std::string ca_file{};             ///< absolute; trusted beside the system's; empty: none

  bool operator==(const GitPlan&) const = default;
};

/// The follow whose namespace has `ns` in it, or is it; null: none.
[[nodiscard]] const GitFollow* follow_of(const GitPlan& plan, std::string_view ns);

/// Where a flow's version came from: as the `file` of its row has it.
struct GitPlace {
  std::string commit;  ///< 40 digits
  std::string path;    ///< in the repository
  bool edited = false;
  std::string base{};  ///< of an edited one: `text_mark` of what the branch has; empty: no file

  bool operator==(const GitPlace&) const = default;
};

/// "git:COMMIT:PATH", or "git:COMMIT+BASE:PATH" of an edited one.
[[nodiscard]] std::string to_string(const GitPlace& place);
/// Nullopt: the flow is not of a branch.
[[nodiscard]] std::optional<GitPlace> parse_git_place(std::string_view file);
/// Of a text that is known by its SHA-256; of none, nothing.
[[nodiscard]] std::string text_mark(std::string_view sha256);
/// As people know a commit: its first digits.
[[nodiscard]] std::string_view short_commit(std::string_view commit);

struct GitCommit {
  std::string id;  ///< empty: none
  std::string author{};
  std::string summary{};
  Millis at = 0;

  bool operator==(const GitCommit&) const = default;
};

/// What is wrong in a commit.
struct GitFlaw {
  std::string file;  ///< in the repository; empty: the commit as a whole
  std::uint32_t line = 0;
  std::uint32_t column = 0;
  std::string message;

  bool operator==(const GitFlaw&) const = default;
};

/// "flows/a.yaml:3:5: unknown key 'ned'"
[[nodiscard]] std::string to_string(const GitFlaw& flaw);

/// What is saved of a follow.
struct GitBook {
  GitCommit applied{};
  Millis applied_at = 0;
  GitCommit seen{};              ///< the branch's newest, when it was looked at last
  std::vector<GitFlaw> flaws{};  ///< for which `seen` is not applied
  std::string problem{};         ///< of the last look; empty: it went well

  bool operator==(const GitBook&) const = default;
};

struct FollowStatus {
  GitFollow follow;
  GitBook book{};
  Millis looked_at = 0;  ///< since this owner began; 0: not yet
  Millis next_at = 0;
  bool busy = false;
  std::vector<std::string> edits{};  ///< flows that were changed here and not pushed
};

struct GitStatus {
  std::vector<FollowStatus> follows{};
  std::string problem{};  ///< of the file; empty: none
};

/// "commit 3f9ab12c4d of branch main cannot be applied: …", or what else keeps it from following;
/// empty: all is well.
[[nodiscard]] std::string problem_of(const FollowStatus& status);

}  // namespace cordyna
