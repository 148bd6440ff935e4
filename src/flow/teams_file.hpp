/// teams.yaml beside cordyna.yaml: teams, their channels, and who is told of what.
///
/// Threads: none.
#pragma once

#include <string>

#include "base/result.hpp"
#include "flow/diagnostics.hpp"
#include "model/alert.hpp"

namespace cordyna::flow {

struct Teams {
  std::string file;  ///< its path, whether it is there or not
  bool is_there = false;
  AlertPlan plan;
};

/// "DIR/teams.yaml", DIR being the folder of the nearest cordyna.yaml in or above `folder`
/// (absolute), else `folder`.
[[nodiscard]] std::string teams_path(const std::string& folder);

/// Nothing where there is no file. Errors: kInvalidArgument: all that is wrong, each with its line
/// and column; kUnavailable.
[[nodiscard]] Result<Teams> load_teams(const std::string& path);

/// Of the file, for editors and for people.
[[nodiscard]] std::string teams_json_schema();
[[nodiscard]] std::string teams_reference_as_markdown();

}  // namespace cordyna::flow
