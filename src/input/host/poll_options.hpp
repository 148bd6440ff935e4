/// What a flow's trigger of type poll asks, in the words of the library.
///
/// Threads: as of the secrets.
#pragma once

#include <string>

#include "base/result.hpp"
#include "cordyna/poll.hpp"
#include "model/trigger.hpp"
#include "ports/secrets.hpp"

namespace cordyna::input {

/// Of one with a `url`. Errors: kInvalidArgument; those of the secrets.
[[nodiscard]] Result<HttpPoll> http_poll_of(const TriggerSpec& spec, const Secrets& secrets);

/// Of one with a `query`; without `postgres`, where it is not SQLite. Errors: kInvalidArgument.
[[nodiscard]] Result<SqlPoll> sql_poll_of(const TriggerSpec& spec);

/// A connection of type sqlite whose file is from `folder`, by its absolute path; any other as it
/// is.
[[nodiscard]] std::string with_absolute_database(const std::string& connection_json,
                                                 const std::string& folder);

}  // namespace cordyna::input
