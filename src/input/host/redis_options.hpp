/// What a flow's trigger of type redis wants, in the words of the library.
///
/// Pure. Threads: any.
#pragma once

#include <string_view>

#include "base/result.hpp"
#include "cordyna/redis.hpp"
#include "model/trigger.hpp"

namespace cordyna::input {

/// `password`: of the connection; empty: it has none. Errors: kInvalidArgument: the connection.
[[nodiscard]] Result<RedisOptions> redis_options_of(const TriggerSpec& spec,
                                                    std::string_view password);

}  // namespace cordyna::input
