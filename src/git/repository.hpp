/// A clone of ours that follows one branch of a repository: what comes from there, the files of a
/// commit, a commit that goes back.
///
/// It is a cache: it may be removed at any time. Blocks, within bounds. Threads: one.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "base/time.hpp"
#include "model/git.hpp"

namespace cordyna::git {

/// How to get there. No text of it but url and branch is in a message.
struct Remote {
  std::string url;
  std::string branch;
  std::string user{};
  std::string password{};
  std::string key{};
  std::string passphrase{};
  std::string known_hosts{};
};

enum class FileKind : std::uint8_t { kFile, kProgram, kLink };

/// Of a link, `data` is where it leads.
using TakeFile =
    std::function<Result<>(std::string_view path, FileKind kind, std::string_view data)>;

struct NewFile {
  std::string path;  ///< in the repository
  std::string text;
  bool removed = false;
};

struct NewCommit {
  std::string base;  ///< the commit below it
  std::vector<NewFile> files;
  std::string author;
  std::string email;
  std::string message;
  Millis at = 0;
};

/// For the whole process, before the first clone: how long it waits for the other side, and an
/// authority that is trusted beside the system's (empty: none). Errors: kInvalidArgument.
[[nodiscard]] Result<> begin_git(const std::string& ca_file);

class Repository {
 public:
  /// `folder`: of its own, made when it is needed. `stop`: asked now and then, whether to end.
  Repository(std::string folder, std::function<bool()> stop)
      : folder_(std::move(folder)), stop_(std::move(stop)) {}

  /// The branch's newest commit, with all that belongs to it. A clone that is damaged, as a kill
  /// may leave it, is made anew. Errors: kDenied: the credentials, or who the other side is;
  /// kNotFound: no such repository or branch; kUnavailable: not now; kInvalidArgument: too large;
  /// kCancelled.
  [[nodiscard]] Result<GitCommit> fetch(const Remote& remote);

  /// The files of a commit that was fetched, in the repository's folder and below it. Errors: those
  /// of `take`; kNotFound: no such folder; kInvalidArgument: a submodule, too much; kCorrupt: the
  /// clone does not have the commit.
  [[nodiscard]] Result<> files(const std::string& commit, const std::string& folder,
                               const TakeFile& take) const;

  /// Errors: as fetch; kConflict: the branch is not at its base; nothing was changed there.
  [[nodiscard]] Result<GitCommit> push(const Remote& remote, const NewCommit& commit);

 private:
  void forget();

  std::string folder_;
  std::function<bool()> stop_;
};

}  // namespace cordyna::git
