/// The secrets of a step: named in step.json, handed over by the environment.
///
/// Threads: any, while nobody changes the environment.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "process/data/step.hpp"

namespace cordyna::data {

/// Environment variables of `dyna data-step`: this with the place of the secret in `secrets_of`.
inline constexpr std::string_view kKeyVariable = "DYNA_KEY_";

/// The names of the secrets that a step wants, each once: keys of tokens, passwords.
[[nodiscard]] std::vector<std::string> secrets_of(const Step& step);
/// The value of one of them, from the environment. Errors: kSecretMissing.
[[nodiscard]] StepResult<std::string> handed_secret(const Step& step, std::string_view name);

}  // namespace cordyna::data
