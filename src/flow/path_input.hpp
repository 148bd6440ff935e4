/// Inputs of the type file: the only ones for which the disk is looked at.
#pragma once

#include <string>
#include <string_view>

#include "base/result.hpp"
#include "flow/file_bounds.hpp"

namespace cordyna::flow {

/// The absolute path of a regular file that can be read; a relative `path` is from `folder`
/// (absolute). Its folders have no links and no ".." any more, its own name stays as it is, for the
/// name may say what is in it. Errors: kInvalidArgument, to be read behind the input's name.
[[nodiscard]] Result<std::string> readable_file(std::string_view path, std::string_view folder);

/// Whether `path`, with all links followed, lies where those who name it may look; before anything
/// is said about what is there. Errors: kInvalidArgument, to be read behind the input's name.
[[nodiscard]] Result<> check_bounds(std::string_view path, std::string_view folder,
                                    const FileBounds& bounds);

}  // namespace cordyna::flow
