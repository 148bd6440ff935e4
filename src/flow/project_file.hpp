/// What a project says of itself: the file cordyna.yaml, which also marks its folder.
///
/// Each key is a row of `project_keys()` and a reader of its own in project_file.cpp.
/// Threads: none.
#pragma once

#include <string>
#include <vector>

#include "base/result.hpp"
#include "flow/diagnostics.hpp"
#include "flow/key_spec.hpp"
#include "flow/retention_file.hpp"
#include "flow/server_file.hpp"
#include "flow/yaml_tree.hpp"
#include "model/place.hpp"
#include "model/plugin.hpp"
#include "model/pool.hpp"

namespace cordyna::flow {

struct Project {
  std::string file;                    ///< its path; empty: there is none
  std::vector<PoolSpec> pools;         ///< in order of their names
  std::vector<PlaceSpec> places;       ///< the same
  std::vector<PluginProgram> plugins;  ///< in order of their types
  Retention retention;
  ServerConfig server;
  std::vector<std::string> server_settings;  ///< names of those that stand there
};

/// Of the nearest cordyna.yaml in or above `folder` (absolute); without the file, or where nothing
/// stands in it, nothing. All that is wrong in it is reported, at its place there.
[[nodiscard]] Project read_project(const std::string& folder, Reporter& reporter);

/// The same for who has no file to report for. Errors: kInvalidArgument: all that is wrong, each
/// with its line and column; kUnavailable.
[[nodiscard]] Result<Project> load_project(const std::string& folder);

/// Of one file, wherever it lies. Errors: as load_project; kNotFound.
[[nodiscard]] Result<Project> load_project_file(const std::string& path);

/// Reports a pool that the project does not declare.
void check_pool(const Node& name, const Project& project, Reporter& reporter);

}  // namespace cordyna::flow
