/// What stands in a request's target: the segments of its path, and its query.
///
/// A path that a proxy could read otherwise than we do is refused, never put right: an empty
/// segment, "." and "..", ";", a backslash, an encoded '/', '%' or control character.
/// Threads: any.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace cordyna::server {

/// Decoded segments of "/a/b". Nullopt: a path as above, or one that is not UTF-8.
[[nodiscard]] std::optional<std::vector<std::string>> split_path(std::string_view path);

using QueryPairs = std::vector<std::pair<std::string, std::string>>;

/// Decoded, in their order; '+' is a space. Nullopt: a broken escape, a NUL, or no UTF-8.
[[nodiscard]] std::optional<QueryPairs> split_query(std::string_view query);

}  // namespace cordyna::server
