/// The flows of a commit whose files lie in a folder.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "model/flow.hpp"
#include "model/git.hpp"
#include "ports/plugin_types.hpp"

namespace cordyna::git {

struct TreeFlow {
  std::string path;  ///< in the repository
  std::string ns;
  std::string id;
  std::string hash;
  std::string canonical;
  std::string text;
};

struct TreeFlows {
  std::vector<TreeFlow> flows{};  ///< in order of their paths
  std::vector<GitFlaw> flaws{};   ///< at most kGitFlawsMax
};

/// "flows/a.yaml" of "a.yaml" in the followed folder "flows".
[[nodiscard]] std::string repository_path(const std::string& folder, const std::string& below);

/// All that are meant as flows, as `dyna apply` finds them. `root`: where the followed folder lies,
/// which is `folder` of the repository. What is wrong is among the flaws, by the paths of the
/// repository; so is a cordyna.yaml that names plugins, which are the server's to name. Errors:
/// kUnavailable: the folder cannot be read.
[[nodiscard]] Result<TreeFlows> read_flows(const std::string& root, const std::string& folder,
                                           const PluginTypes* types);

}  // namespace cordyna::git
