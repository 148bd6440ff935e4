/// Why a task is not running: an exact answer, not a guess.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/time.hpp"
#include "model/rows.hpp"

namespace cordyna::engine {

enum class BlockerKind : std::uint8_t {
  kUpstream,         ///< waits for a task that has not ended; `what` is its path
  kSection,          ///< `errors` and `finally` wait for the main tasks
  kSlot,             ///< all slots are taken
  kPool,             ///< the slots of its pool are: `what` says by whom
  kRate,             ///< its pool has had its starts; the next one may be at `until`
  kRetryAt,          ///< between attempts until `until`
  kPreviousAttempt,  ///< the attempt before is not yet known dead
  kRunning,          ///< nothing blocks it: it runs; `what` is its attempt's state
  kBlocked,          ///< final: `what` is the upstream that ended so
  kPaused,           ///< held: `what` says why a person is asked
  kTime,             ///< waits until `until`
  kCondition,        ///< waits until `what` holds, and looks again at `until`
  kConcurrency,      ///< of a run, without a path: `run` is one of those in its way
  kPlace,            ///< no place takes it now, or can ever: `what` says why each does not
  kServer,           ///< its task server is away, or has no slot: `what` says which
};

struct Blocker {
  std::string path;  ///< the task
  BlockerKind kind = BlockerKind::kUpstream;
  std::string what;
  Millis since = 0;
  Millis until = 0;    ///< 0: not known
  std::string owner;   ///< whose it is
  RunNo run = 0;       ///< of kConcurrency
  std::string pool{};  ///< of what waits for a slot: that of its task; empty: it has none
  std::vector<std::string> places{};  ///< of kPlace: those that could take it if they had room
};

[[nodiscard]] std::string_view to_string(BlockerKind kind);

}  // namespace cordyna::engine
