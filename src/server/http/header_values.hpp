/// Headers that come more than once, and those that are lists.
///
/// Pure. Source: RFC 9110, 5.3 and 5.6.1. Internal to this folder. Threads: any.
#pragma once

#include <string_view>
#include <vector>

#include "http/message.hpp"

namespace cordyna::server {

/// All of one name, as they stand.
[[nodiscard]] std::vector<std::string_view> header_values(const http::Headers& headers,
                                                          std::string_view name);
/// What stands between the commas of all of them, without spaces and tabs around.
[[nodiscard]] std::vector<std::string_view> header_members(const http::Headers& headers,
                                                           std::string_view name);
/// Whether it is one of them, in any case.
[[nodiscard]] bool has_member(const http::Headers& headers, std::string_view name,
                              std::string_view word);

}  // namespace cordyna::server
