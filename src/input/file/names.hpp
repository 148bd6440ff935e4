/// Which names of a folder are wanted.
///
/// Pure. Threads: any.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.hpp"

namespace cordyna::input {

/// What we make in a folder, for a moment, begins so; it is never a file of somebody's.
inline constexpr std::string_view kOwnPrefix = ".cordyna-";

/// Errors: kInvalidArgument, naming `key`: as pattern_problem says.
[[nodiscard]] Result<> check_pattern(std::string_view key, std::string_view pattern);

class FileNames {
 public:
  /// As FileOptions has them.
  FileNames(std::vector<std::string> files, std::vector<std::string> ignore)
      : files_(std::move(files)), ignore_(std::move(ignore)) {}

  /// Of a file, by its path from the folder; the folders on the way were entered.
  [[nodiscard]] bool wants(std::string_view path) const;
  /// Of a folder.
  [[nodiscard]] bool enters(std::string_view path) const;

 private:
  std::vector<std::string> files_;
  std::vector<std::string> ignore_;
};

/// "b.csv" of "a/b.csv", and "a" of it.
[[nodiscard]] std::string_view name_in(std::string_view path);
[[nodiscard]] std::string_view folder_in(std::string_view path);
/// "a/b" of "a" and "b"; of "" and "b", "b".
[[nodiscard]] std::string path_of(std::string_view folder, std::string_view name);

/// Bytes that are not UTF-8 as %FF.
[[nodiscard]] std::string shown_path(std::string_view path);
/// UTF-8 without control characters, and no two paths have the same.
[[nodiscard]] std::string path_as_mark(std::string_view path);
/// Errors: kCorrupt.
[[nodiscard]] Result<std::string> path_of_mark(std::string_view mark);

}  // namespace cordyna::input
