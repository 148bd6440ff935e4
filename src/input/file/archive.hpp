/// Where files go that events have told of.
///
/// First the file is in the archive, too; then its event is kept; then it leaves the folder. So no
/// run looks for a file that is not there, and a crash in between leaves it in both places, from
/// where this goes on.
///
/// Threads: one at a time.
#pragma once

#include <optional>
#include <set>
#include <stop_token>
#include <string>
#include <string_view>

#include "base/result.hpp"
#include "input/file/tree.hpp"

namespace cordyna::input {

/// Where a file lies in the archive: at its own path, or, where another one lies, beside it.
/// "a/b.csv", "a/b~2.csv", "a/b~3.csv". `number` from 0.
[[nodiscard]] std::string archive_path(std::string_view path, int number);

/// What a file is called for a moment, in its folder and in the archive.
[[nodiscard]] std::string own_name(std::string_view path);

class Archive {
 public:
  /// Makes the folder if it is missing. Errors: as folder_error; kInvalidArgument: it is `from`.
  [[nodiscard]] static Result<Archive> open(const std::string& folder, const Tree& from);

  [[nodiscard]] const Tree& tree() const { return tree_; }

  /// The number of its archive_path; nullopt: the file is not as `stamp` says any more. What lies
  /// there already, and is the same, will do. Errors: as folder_error; kCancelled.
  [[nodiscard]] Result<std::optional<int>> add(const Tree& from, std::string_view path,
                                               const Stamp& stamp, const std::stop_token& stop);
  /// What was added outlives a power cut.
  [[nodiscard]] Result<> sync();

 private:
  explicit Archive(Tree tree) : tree_(std::move(tree)) {}

  struct Places;
  [[nodiscard]] Result<std::optional<int>> add_at(const Places& places, int number,
                                                  const std::stop_token& stop);

  Tree tree_;
  std::set<std::string, std::less<>> touched_;  // folders of it
};

/// Removes a file from its folder that is as `stamp` says; another one that took its name
/// meanwhile stays, or comes back. Again does no harm. Errors: as folder_error.
[[nodiscard]] Result<> take_away(const Tree& from, std::string_view path, const Stamp& stamp);

}  // namespace cordyna::input
