/// Asks an exec credential plugin who we are.
///
/// The program is given to us by the kubeconfig of whoever runs Cordyna, never by a flow. It gets
/// our environment without what begins with DYNA_. Threads: any.
#pragma once

#include <string>

#include "base/result.hpp"
#include "base/time.hpp"
#include "kubernetes/access.hpp"

namespace cordyna::kubernetes {

inline constexpr Millis kPluginWait = 60'000;

/// What a plugin answers: a token, a certificate, or both.
struct Credential {
  std::string token;
  std::string certificate;  ///< PEM
  std::string key;          ///< PEM
  Millis expires = 0;       ///< since 1970; 0: never
};

/// Runs the plugin of `access` and reads its answer, within `wait`. `cancel_fd` readable: it is
/// ended; -1: none. Errors: kNotFound: no such program; kDenied: it failed, or gave nothing of use,
/// with the last line of what it said; kUnavailable: it took too long; kCancelled.
[[nodiscard]] Result<Credential> ask_plugin(const Access& access, int cancel_fd,
                                            Millis wait = kPluginWait);

/// The answer of a plugin: an ExecCredential as JSON. Errors: kDenied.
[[nodiscard]] Result<Credential> parse_credential(std::string_view text);

}  // namespace cordyna::kubernetes
