/// git.yaml beside cordyna.yaml: which namespaces follow which branches.
///
/// Threads: none.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "flow/diagnostics.hpp"
#include "model/git.hpp"

namespace cordyna::flow {

struct GitFile {
  std::string file;  ///< its path, whether it is there or not
  bool is_there = false;
  GitPlan plan;
};

/// "DIR/git.yaml", DIR being the folder of the nearest cordyna.yaml in or above `folder`
/// (absolute), else `folder`.
[[nodiscard]] std::string git_path(const std::string& folder);

/// Nothing where there is no file. `folders`: below which repositories of this machine may lie.
/// Errors: kInvalidArgument: all that is wrong, each with its line and column; kUnavailable.
[[nodiscard]] Result<GitFile> load_git(const std::string& path,
                                       const std::vector<std::string>& folders);

/// Of the file, for editors and for people.
[[nodiscard]] std::string git_json_schema();
[[nodiscard]] std::string git_reference_as_markdown();

}  // namespace cordyna::flow
