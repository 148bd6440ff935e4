/// Parts of JSON as they are written, so that no digit of a number is lost.
///
/// All want text that `check_json` has passed. Pure. Threads: any.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"

namespace cordyna::input {

/// "data.orders" by its points, or, with a slash in front, as RFC 6901 has it: "/data/a.b/0".
/// Empty: the whole. Errors: kInvalidArgument: an empty name.
[[nodiscard]] Result<std::vector<std::string>> parse_json_path(std::string_view text);

/// Nullopt: nothing is there. Of twins the last one counts; numbers lead into lists.
[[nodiscard]] std::optional<std::string_view> json_at(std::string_view json,
                                                      const std::vector<std::string>& path);

[[nodiscard]] std::vector<std::string_view> json_items(std::string_view list);
/// "a, b and 3 more", for messages; empty: it is no object, or has none.
[[nodiscard]] std::string json_names(std::string_view object);

/// A string without its quotes, anything else as it is written.
[[nodiscard]] std::string json_plain(std::string_view value);
/// "an object", "a list", "a text", "a number", "true or false", "null".
[[nodiscard]] std::string_view json_kind(std::string_view value);

}  // namespace cordyna::input
