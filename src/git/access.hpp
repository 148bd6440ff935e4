/// What a follow needs to get to its repository: names of secrets become their values.
#pragma once

#include "base/result.hpp"
#include "git/repository.hpp"
#include "model/git.hpp"
#include "ports/secrets.hpp"

namespace cordyna::git {

/// Errors: those of `secrets`, with the key of git.yaml that names it.
[[nodiscard]] Result<Remote> remote_of(const GitFollow& follow, const Secrets& secrets);

}  // namespace cordyna::git
