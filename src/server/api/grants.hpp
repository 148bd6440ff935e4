/// Grants in bodies and answers.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "model/identity.hpp"
#include "shape/json_body.hpp"

namespace cordyna::server {

/// [{"namespace":"acme","role":"author"}]
void append_grants(std::string& out, std::span<const Grant> grants);
/// "grants" of a body that was checked. Errors: kInvalidArgument: a namespace that is none, or too
/// many.
[[nodiscard]] Result<std::vector<Grant>> grants_of(const shape::JsonBody& body);
/// Whether every one of them is within what `giver` has: nobody gives away more than that.
[[nodiscard]] bool covers(std::span<const Grant> giver, std::span<const Grant> grants);
/// Of users, and of tokens for people to know them by.
[[nodiscard]] bool is_identity_name(std::string_view name);

}  // namespace cordyna::server
