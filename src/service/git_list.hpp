/// Namespaces that follow a branch, as JSON.
///
/// Pure. Threads: any.
#pragma once

#include <functional>
#include <string>

#include "model/applied_flow.hpp"
#include "model/git.hpp"

namespace cordyna {

[[nodiscard]] std::string follow_as_json(const FollowStatus& status);

/// {"follows":[…],"problem":"…"}: those of which `shows` says true.
[[nodiscard]] std::string git_as_json(const GitStatus& status,
                                      const std::function<bool(const FollowStatus&)>& shows);

/// `,"git":{…}` of a flow that came by a branch, or was changed here on top of it; else nothing.
void append_git_place(std::string& out, const std::string& file);

}  // namespace cordyna
