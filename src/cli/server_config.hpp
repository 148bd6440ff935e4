/// What a server is told by cordyna.yaml, the environment and options, the last of which counts.
#pragma once

#include <map>
#include <string>
#include <string_view>

#include "base/result.hpp"
#include "cli/commands.hpp"
#include "flow/project_file.hpp"

namespace cordyna::cli {

/// Of --config, else of the nearest cordyna.yaml in or above `folder`. Errors: as
/// load_project_file.
[[nodiscard]] Result<flow::Project> project_for(const Arguments& arguments,
                                                const std::string& folder);

struct ResolvedConfig {
  flow::ServerConfig config;
  std::map<std::string, std::string> sources;  ///< setting → where it comes from; else its default
};

/// Errors: kInvalidArgument: what does not fit, with where it comes from.
[[nodiscard]] Result<ResolvedConfig> resolve_config(const Arguments& arguments,
                                                    const flow::Project& project);

}  // namespace cordyna::cli
