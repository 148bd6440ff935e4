/// Rows on their way to a sink, of either mode.
#pragma once

#include <span>
#include <vector>

#include "cordyna/input.hpp"
#include "input/postgres/rows.hpp"

namespace cordyna::input {

/// All in one go, with the position of the last one. One event that is refused for what it is must
/// not hold up all others for ever: its key comes instead, with the reason. Errors: those of the
/// sink.
template <class Row>
[[nodiscard]] Result<> deliver(EventSink& sink, const std::vector<Row>& rows) {
  std::vector<Event> events;
  events.reserve(rows.size());
  for (const Row& row : rows) events.push_back(row.event);
  const auto sent = sink.send(events, to_text(rows.back().position));
  if (sent.has_value() || sent.error().code != ErrorCode::kInvalidArgument) return sent;
  for (const Row& row : rows) {
    const std::string position = to_text(row.position);
    const auto alone = sink.send(std::span(&row.event, 1), position);
    if (alone.has_value()) continue;
    if (alone.error().code != ErrorCode::kInvalidArgument) return alone;
    const Event instead = problem_of(row.event, row.key_json, alone.error().message);
    TRY(sink.send(std::span(&instead, 1), position));
  }
  return {};
}

}  // namespace cordyna::input
