/// What a configuration says of a webhook.
///
/// Pure. Threads: any.
#pragma once

#include "base/result.hpp"
#include "cordyna/config.hpp"
#include "cordyna/http.hpp"

namespace cordyna::event_http {

/// Errors: kInvalidArgument, naming process and key.
[[nodiscard]] Result<HttpOptions> options_of(const ProcessConfig& config);

}  // namespace cordyna::event_http
