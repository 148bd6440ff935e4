/// How far a source was read: a number, a time or a text.
///
/// Pure. Threads: any.
#pragma once

#include <compare>
#include <string>

namespace cordyna::input {

struct PollCursor {
  bool is_number = false;
  std::string text;  ///< of a number its JSON

  bool operator==(const PollCursor&) const = default;
};

/// By value: 9 < 10, and of two texts that are times as RFC 3339 has them the earlier one. Other
/// texts by their bytes. Of different kinds, the number comes first.
[[nodiscard]] std::weak_ordering order(const PollCursor& a, const PollCursor& b);

/// As JSON.
[[nodiscard]] std::string cursor_json(const PollCursor& cursor);

}  // namespace cordyna::input
