/// The value of a secret on its way in: from standard input or a file, never from an argument.
#pragma once

#include <string>

#include "base/result.hpp"

namespace cordyna::cli {

/// From `file` byte for byte; where that is empty, from standard input: a terminal is asked for a
/// line and shows nothing of it; of what a pipe holds, one line end at its end is dropped. A value
/// that is too long is cut off a little behind the limit, so that the keeper can refuse it.
/// Errors: kNotFound, kUnavailable for a file that cannot be read; kCancelled: Ctrl-C.
/// Threads: the first of the process, alone.
[[nodiscard]] Result<std::string> read_secret_value(const std::string& name,
                                                    const std::string& file);

/// The same of what is no secret of a flow: a token, a password. `what` is what a terminal is asked
/// for; of a file, too, one line end at its end is dropped.
[[nodiscard]] Result<std::string> read_hidden(const std::string& what, const std::string& file);

}  // namespace cordyna::cli
