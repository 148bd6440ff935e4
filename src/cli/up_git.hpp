/// Namespaces that follow a branch, for `dyna up`: with the file git.yaml.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "cli/commands.hpp"
#include "cli/ownership.hpp"
#include "flow/project_file.hpp"
#include "git/host.hpp"
#include "ports/secrets.hpp"

namespace cordyna::cli {

/// git.yaml beside the project's cordyna.yaml, else the one for `folder` (absolute).
[[nodiscard]] std::string git_file_of(const flow::Project& project, const std::string& folder);

/// Reads `file` now, and again when it has changed and somebody asks; follows nothing yet. Borrows
/// context and secrets. `folders`: as load_git; `told`: as of git::FollowerParts.
[[nodiscard]] std::unique_ptr<git::GitHost> prepare_git(
    const CommandContext& context, const StateLayout& layout, const Secrets& secrets,
    std::string file, std::vector<std::string> folders,
    std::function<void(const std::string&)> told);

/// Refuses changes of flows that follow a branch to who works on the state folder itself. Borrows
/// the host.
[[nodiscard]] FlowGuard guard_of(const CommandContext& context, const StateLayout& layout,
                                 git::GitHost& host);

}  // namespace cordyna::cli
