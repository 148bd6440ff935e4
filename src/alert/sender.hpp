/// Sends one message to its channel, once.
///
/// Blocks, with a limit. Threads: any.
#pragma once

#include <expected>
#include <string>

#include "alert/incident.hpp"
#include "base/result.hpp"
#include "base/time.hpp"
#include "model/alert.hpp"
#include "ports/secrets.hpp"

namespace cordyna::alert {

struct SendParts {
  const AlertPlan* plan = nullptr;
  const Secrets* secrets = nullptr;
  std::string base;    ///< as of `words_of`
  Millis now = 0;      ///< of the signature
  int cancel_fd = -1;  ///< readable: give up
};

struct SendFailure {
  std::string problem;                       ///< holds no secret
  Millis after = -1;                         ///< what the other side asked for; -1: nothing
  ErrorCode code = ErrorCode::kUnavailable;  ///< any other: the same again helps nothing
};

[[nodiscard]] std::expected<void, SendFailure> send(const Message& message, const SendParts& parts);

}  // namespace cordyna::alert
