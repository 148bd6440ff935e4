/// Who tells the teams what goes wrong, for `dyna up`: with the file teams.yaml.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "alert/host.hpp"
#include "base/result.hpp"
#include "cli/commands.hpp"
#include "cli/ownership.hpp"
#include "flow/project_file.hpp"
#include "ports/secrets.hpp"

namespace cordyna::cli {

/// teams.yaml beside the project's cordyna.yaml, else the one for `folder` (absolute).
[[nodiscard]] std::string teams_file_of(const flow::Project& project, const std::string& folder);

/// Reads `file` now, and again when it has changed and something is to be told. Borrows all but the
/// texts; `told` as of alert::HostParts.
[[nodiscard]] std::unique_ptr<alert::AlertHost> start_alerts(
    const CommandContext& context, const StateLayout& layout, Ownership& ownership,
    const Secrets& secrets, std::string file, std::function<void(const std::string&)> told);

}  // namespace cordyna::cli
