/// What the process of a step gets beside its description, to reach servers: secrets, proxies, CAs.
///
/// Threads: any.
#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "ports/launch.hpp"
#include "ports/secrets.hpp"
#include "process/data/step.hpp"

namespace cordyna::data {

/// The task's params before they were rendered, and what renders them.
struct RawParams {
  std::string_view params;   ///< JSON
  std::string_view context;  ///< JSON
  std::function<Result<std::string>(std::string_view)> env;
};

/// Nothing for a step without a server. A secret in an address is percent-encoded. Errors:
/// kSecretMissing, with the name; kTemplateFailed.
[[nodiscard]] StepResult<> hand_over_remote(const Step& step, const RawParams& raw,
                                            const Secrets& secrets, Launch& launch);

}  // namespace cordyna::data
