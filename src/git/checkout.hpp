/// The files of commits in folders of ours: one folder for each commit, and one that is that of the
/// commit in force.
///
/// A cache: it may be removed at any time, and is made anew. Threads: one.
#pragma once

#include <string>

#include "base/result.hpp"
#include "git/repository.hpp"

namespace cordyna::git {

class Checkout {
 public:
  /// `folder`: absolute, of its own, made when it is needed.
  explicit Checkout(std::string folder) : folder_(std::move(folder)) {}

  /// Where the files of the commit in force lie: the same for all commits.
  [[nodiscard]] std::string current() const { return folder_ + "/current"; }
  /// Where those of a commit lie, when `take` has brought them.
  [[nodiscard]] std::string folder_of(const std::string& commit, const std::string& within) const;

  /// Brings the files that a commit has in the repository's folder `within`, whole or not at all.
  /// Errors: those of Repository::files; kInvalidArgument: a name or a link that leads out of the
  /// folder; kUnavailable: the disk.
  [[nodiscard]] Result<> take(const Repository& from, const std::string& commit,
                              const std::string& within);
  /// Puts a commit into force, in one step. Errors: kUnavailable.
  [[nodiscard]] Result<> use(const std::string& commit, const std::string& within);
  /// Whether it is the one in force.
  [[nodiscard]] bool is_used(const std::string& commit, const std::string& within) const;
  /// Removes what is of commits that were in force long ago: what runs may still be in one of them.
  void tidy() const;

 private:
  std::string folder_;
};

}  // namespace cordyna::git
