/// The environments of tasks and of the fork server: allow-lists (S14).
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.hpp"

namespace cordyna::local {

using Variables = std::vector<std::pair<std::string, std::string>>;

/// "NAME=value" of the owner's PATH (or a default), HOME, USER, LOGNAME, LANG, LC_*, TZ, TMPDIR;
/// then `env`; then `own`, which nothing overrides.
/// Errors: kInvalidArgument: a name that cannot be one, or a value with a NUL byte.
[[nodiscard]] Result<std::vector<std::string>> task_environment(const Variables& env,
                                                                const Variables& own);

/// What the server's own start may need, and nothing that a task or a flow knows.
[[nodiscard]] std::vector<std::string> server_environment();

/// The owner's umask, without changing it.
[[nodiscard]] unsigned current_umask();

}  // namespace cordyna::local
