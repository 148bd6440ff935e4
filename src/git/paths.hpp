/// What a file of a commit may be called, and where a link of it may lead: names of others become
/// names of files here.
///
/// Pure.
#pragma once

#include <string_view>

#include "base/result.hpp"

namespace cordyna::git {

/// `path`: from the folder that is followed, parts joined by '/'. Errors: kInvalidArgument: it
/// leads out of the folder or into git's own, or no file can be called so.
[[nodiscard]] Result<> check_path(std::string_view path);

/// Whether a link at `path` stays in the folder, whatever else lies there: only its first parts may
/// be "..", since behind another link that would lead elsewhere. Errors: kInvalidArgument.
[[nodiscard]] Result<> check_link(std::string_view path, std::string_view target);

}  // namespace cordyna::git
