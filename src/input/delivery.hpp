/// Events of an input on their way to its sink.
///
/// Threads: none.
#pragma once

#include <cstddef>
#include <span>

#include "base/result.hpp"
#include "cordyna/input.hpp"

namespace cordyna::input {

/// All in one go. One event that is refused for what it is must not hold up all others for ever:
/// then each goes alone, and what is told instead of one that cannot be an event.
///
/// `position_after(i)`: where the input is once event i is kept; `instead(i, why)`: an event that
/// says so. Errors: those of the sink.
template <class PositionAfter, class Instead>
[[nodiscard]] Result<> deliver(EventSink& sink, std::span<const Event> events,
                               const PositionAfter& position_after, const Instead& instead) {
  if (events.empty()) return {};
  const auto sent = sink.send(events, position_after(events.size() - 1));
  if (sent.has_value() || sent.error().code != ErrorCode::kInvalidArgument) return sent;
  for (std::size_t i = 0; i < events.size(); ++i) {
    const auto alone = sink.send(events.subspan(i, 1), position_after(i));
    if (alone.has_value()) continue;
    if (alone.error().code != ErrorCode::kInvalidArgument) return alone;
    const Event told = instead(i, alone.error().message);
    TRY(sink.send(std::span(&told, 1), position_after(i)));
  }
  return {};
}

}  // namespace cordyna::input
