/// Reads a small text file whole.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "base/result.hpp"

namespace cordyna::flow {

/// Errors: kNotFound (missing), kInvalidArgument (a directory, not a file, more than `bytes_max`),
/// kUnavailable (unreadable).
[[nodiscard]] Result<std::string> read_text_file(const std::string& path, std::size_t bytes_max);

/// Whether nothing stands in a YAML text but comments.
[[nodiscard]] bool is_blank(std::string_view text);

}  // namespace cordyna::flow
