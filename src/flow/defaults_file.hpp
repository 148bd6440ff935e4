/// What a project or a namespace gives to all its flows: the file defaults.yaml.
///
/// Threads: none.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "flow/draft.hpp"
#include "flow/project_file.hpp"
#include "ports/plugin_types.hpp"

namespace cordyna::flow {

struct Defaults {
  std::optional<Project> project;             ///< nullopt: names of pools are not checked
  const PluginTypes* plugin_types = nullptr;  ///< null: nobody asks programs
  TaskDefaults task;                          ///< `owner` is empty where there is none
  Millis timeout = 0;
  Millis late_after = 0;
  Millis stuck_after = 0;
  std::map<std::string, std::string, std::less<>> labels;  ///< name → JSON text
  std::map<std::string, JsonFields, std::less<>> params;   ///< of tasks, by their type
};

/// Of defaults.yaml beside the nearest cordyna.yaml in or above `folder` (absolute), else in
/// `folder` itself: what holds for a flow of the namespace `ns`. Without the file, nothing. All
/// that is wrong in it is reported, at its place there. `project`: declares the pools.
[[nodiscard]] Defaults read_defaults(const std::string& folder, std::string_view ns,
                                     std::optional<Project> project, Reporter& reporter);

}  // namespace cordyna::flow
