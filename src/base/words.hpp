/// Words: as ids, and in texts that are not parsed.
///
/// Pure. Threads: any.
#pragma once

#include <concepts>
#include <string>
#include <string_view>

namespace cordyna {

/// With A to Z as a to z; other characters stay.
[[nodiscard]] std::string ascii_lower(std::string_view text);
/// Whether they are the same but for that.
[[nodiscard]] bool same_word(std::string_view a, std::string_view b);

/// Whether it may be the id of a flow, a task, a team: [a-z0-9][a-z0-9._-]{0,127}.
[[nodiscard]] bool is_id(std::string_view text);

/// Whether the word stands in the SQL `text` as an identifier may, in any case. It may stand in a
/// string or a comment too: better once too often.
[[nodiscard]] bool mentions(std::string_view text, std::string_view word);

/// Of "zips.code": the place of the dot behind the longest front that `is_task` knows, since ids
/// and columns may hold dots themselves; npos: it knows none.
[[nodiscard]] std::size_t split_reference(std::string_view text,
                                          const std::predicate<std::string_view> auto& is_task) {
  if (text.empty()) return std::string_view::npos;
  for (std::size_t dot = text.rfind('.', text.size() - 1); dot != std::string_view::npos && dot > 0;
       dot = text.rfind('.', dot - 1)) {
    if (dot + 1 < text.size() && is_task(text.substr(0, dot))) return dot;
  }
  return std::string_view::npos;
}

}  // namespace cordyna
