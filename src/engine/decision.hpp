/// What a step of the engine decided: rows to save, then commands to send.
#pragma once

#include <vector>

#include "model/attempt.hpp"
#include "model/rows.hpp"

namespace cordyna::engine {

/// The changes are saved in one transaction; only after that the commands go out, in this order:
/// adoptions, cancels, starts. Each command can be derived again from the rows after a crash.
struct Decision {
  ChangeSet changes;
  std::vector<StartAttempt> adoptions;  ///< attempts of an owner before: find out about them
  std::vector<CancelAttempt> cancels;
  std::vector<StartAttempt> starts;
  std::vector<RunNo> ended;  ///< runs that ended in this step

  void clear();
};

}  // namespace cordyna::engine
