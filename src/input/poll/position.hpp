/// What an input that polls remembers.
///
/// Pure. Threads: any.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.hpp"
#include "input/poll/cursor.hpp"

namespace cordyna::input {

struct PollPosition {
  std::string id;           ///< made once: what events of this position are called
  std::int64_t events = 0;  ///< so many were told
  std::string by;      ///< what the cursor is of: "cursor updated_at", "next meta.next", "keys"
  bool begun = false;  ///< what was there at the first poll was told, or is known
  std::optional<PollCursor> cursor;  ///< of `next` alone, its token
  std::string tag;                   ///< ETag or Last-Modified, as the header that gives it back
  std::string tag_of;                ///< what it is of: a hash of the request

  bool operator==(const PollPosition&) const = default;
};

[[nodiscard]] std::string to_text(const PollPosition& position);
/// Of an empty text, one without an id. Errors: kCorrupt.
[[nodiscard]] Result<PollPosition> parse_poll_position(std::string_view text);

}  // namespace cordyna::input
