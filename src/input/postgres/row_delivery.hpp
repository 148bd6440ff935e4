/// Rows on their way to a sink, of either mode.
#pragma once

#include <cstddef>
#include <string_view>
#include <vector>

#include "input/delivery.hpp"
#include "input/postgres/rows.hpp"

namespace cordyna::input {

// Of an event's bytes, so many are for the row; the others for what is told of it.
inline constexpr std::size_t kRowBytes = kEventBytesMax - 4096;

/// As `deliver`: of a row that cannot be an event, its key is told.
template <class Row>
[[nodiscard]] Result<> deliver_rows(EventSink& sink, const std::vector<Row>& rows) {
  if (rows.empty()) return {};
  std::vector<Event> events;
  events.reserve(rows.size());
  for (const Row& row : rows) events.push_back(row.event);
  return deliver(
      sink, events, [&](std::size_t i) { return to_text(rows[i].position); },
      [&](std::size_t i, std::string_view why) {
        return problem_of(rows[i].event, rows[i].key_json, why);
      });
}

}  // namespace cordyna::input
