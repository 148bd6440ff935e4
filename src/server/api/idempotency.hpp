/// Ids of what a request begins, so that asking twice begins it once.
#pragma once

#include <optional>

#include "base/id.hpp"
#include "server/api/call.hpp"

namespace cordyna::server {

struct KeyedId {
  RunId id;
  bool keyed = false;  ///< it follows from an Idempotency-Key
};

/// An id by chance, or, with an Idempotency-Key, the same for the same caller, call and key:
/// whoever asks again gets what the first time began. Nullopt: the call is refused.
[[nodiscard]] std::optional<KeyedId> id_for(Call& call, Millis now);

}  // namespace cordyna::server
