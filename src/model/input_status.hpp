/// How an input of a flow fares: for the API, `dyna inputs` and the words of `dyna up`.
///
/// Values. Threads: any.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/time.hpp"
#include "model/applied_flow.hpp"

namespace cordyna {

enum class InputState : std::uint8_t {
  kStarts,  ///< on its way to its source
  kListens,
  kWaits,   ///< what comes is not taken: the disk is full, or too many events are pending
  kFailed,  ///< it ended, and is begun again after a while
};

inline constexpr std::array<std::string_view, 4> kInputStates{"starts", "listens", "waits",
                                                              "failed"};

[[nodiscard]] constexpr std::string_view to_string(InputState state) {
  return kInputStates[static_cast<std::size_t>(state)];
}

struct InputStatus {
  std::string ns;
  std::string flow_id;
  std::string trigger;
  std::string type;  ///< as to_string of TriggerType
  InputState state = InputState::kStarts;
  std::string problem;           ///< of one that waits or has failed, or listens with a difficulty
  Millis since = 0;              ///< in this state
  std::int64_t events = 0;       ///< kept since it was begun here
  std::int64_t last_minute = 0;  ///< of them, in the minute until now
  Millis last_at = 0;            ///< when the last one was kept; 0: none was
  Millis lag = 0;                ///< of the last one: from when it happened until it was kept

  /// "acme/orders/rows"
  [[nodiscard]] std::string name() const { return flow_name(ns, flow_id) + "/" + trigger; }
};

}  // namespace cordyna
