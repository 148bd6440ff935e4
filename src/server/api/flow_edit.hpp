/// Flows that are changed over the network while their namespace follows a branch.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "server/api/api.hpp"
#include "service/apply_plan.hpp"

namespace cordyna::server {

/// Where a changed flow belongs; nullopt: its namespace follows nothing. Errors: as of
/// GitFollows::edit, those of the store.
[[nodiscard]] Result<std::optional<GitEdit>> edit_of(Api& api, std::string_view ns,
                                                     std::string_view flow_id,
                                                     std::string_view text);

/// `,"follows":{…}` of a flow whose namespace follows a branch; else nothing.
void append_follow(std::string& out, Api& api, const Caller& caller, std::string_view ns);

}  // namespace cordyna::server
