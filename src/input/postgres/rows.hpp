/// Rows of an outbox as events, and how far they have been read.
///
/// Pure. Threads: any.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "cordyna/event.hpp"

namespace cordyna::input {

/// As the input's position in the state: {"system":"73…","xid":"745","id":"12"}.
struct OutboxPosition {
  std::string system;  ///< the database cluster's identifier
  std::uint64_t xid = 0;
  std::uint64_t id = 0;
  bool operator==(const OutboxPosition&) const = default;
};

[[nodiscard]] std::string to_text(const OutboxPosition& position);
/// Empty: nothing was read yet. Errors: kCorrupt: it is of something else.
[[nodiscard]] Result<OutboxPosition> parse_position(std::string_view text);

using OutboxRow = std::vector<std::optional<std::string>>;  ///< as read_outbox_sql gives it

struct OutboxEvent {
  Event event;
  OutboxPosition position;
  std::string key_json;  ///< of the row's primary key; "null": it has none
};

/// Errors: kCorrupt: the outbox was changed by somebody else.
[[nodiscard]] Result<OutboxEvent> event_of(const OutboxRow& row, const std::string& system,
                                           bool whole_rows);
/// Instead of what cannot be an event: its key, and why.
[[nodiscard]] Event problem_of(const Event& event, std::string_view key_json,
                               std::string_view problem);

/// Of a key {"id":1}: one column as text, several as a JSON list of them; empty: there is none, or
/// it is too long for that.
[[nodiscard]] std::string id_of_key(const std::optional<std::string>& key_json);

}  // namespace cordyna::input
