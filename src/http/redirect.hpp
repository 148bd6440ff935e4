/// Where an answer sends its request, and what of the request goes along.
///
/// Pure. Threads: any.
#pragma once

#include <optional>

#include "http/message.hpp"
#include "http/reach.hpp"

namespace cordyna::http {

inline constexpr int kRedirectsMax = 5;

/// Nullopt: the answer leads nowhere else. Errors: kUntrusted: away from TLS; kInvalidArgument: an
/// address that is none.
[[nodiscard]] Result<std::optional<Url>> redirect_of(const Request& request,
                                                     const Response& response);

/// Makes of the request the one that goes `to`. An origin other than `first`, which was asked for,
/// gets none of its headers but those that say nothing about us. Where we were told to go, nobody
/// but the caller said; where a server sends us, it may want us to get what it cannot: so `reach`
/// lets no way lead from outside in, and none to link-local addresses.
void follow(Request& request, Url to, const Url& first, const Response& response, Reach& reach);

/// After kRedirectsMax of them.
[[nodiscard]] Error too_many_redirects(const Url& last);

}  // namespace cordyna::http
