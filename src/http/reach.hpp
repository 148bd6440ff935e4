/// Which machines a request may go to, judged by the very address that is connected to.
///
/// Names and spellings do not matter here: what a name leads to is looked at after it was looked
/// up, and the connection goes to that address, not to the name. Pure. Threads: any.
#pragma once

#include <sys/socket.h>

#include <cstdint>

namespace cordyna::http {

enum class Reach : std::uint8_t {
  kAnywhere,
  kNoLinkLocal,  ///< not where clouds tell a machine its credentials
  kPublic,       ///< only where everybody gets to: not this machine, nor networks behind it
};

/// IPv4 within IPv6 (mapped, translated, 6to4) is judged as IPv4. What is no IP address is not
/// public.
[[nodiscard]] bool is_public(const sockaddr& address);
[[nodiscard]] bool is_link_local(const sockaddr& address);
[[nodiscard]] bool allows(Reach reach, const sockaddr& address);

}  // namespace cordyna::http
