/// The flow files of a project, by the names that they give themselves: for runs of files, where
/// nothing is applied.
#pragma once

#include <string>
#include <string_view>

#include "ports/flow_finder.hpp"
#include "ports/plugin_types.hpp"

namespace cordyna::cli {

/// Looks at the files anew for each question, so it always tells what they say now.
class ProjectFlows final : public FlowFinder {
 public:
  /// Those of the project of `folder` (absolute), in the folder of the nearest cordyna.yaml and
  /// below it. Without a cordyna.yaml, those that lie in `folder` itself.
  ProjectFlows(const std::string& folder, const PluginTypes* types);

  /// Errors of a file count only where it is the one that is wanted. Errors: as FlowFinder.
  [[nodiscard]] Result<FoundFlow> find(std::string_view name, std::string_view ns) override;

 private:
  std::string folder_;
  bool below_;
  const PluginTypes* types_;
};

/// The namespace and the id that a flow file gives itself, as far as its text shows them without
/// being right: "acme/daily", "daily"; empty: none.
[[nodiscard]] std::string name_in_text(std::string_view text);

}  // namespace cordyna::cli
