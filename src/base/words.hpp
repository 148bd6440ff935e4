/// Words in texts that are not parsed.
///
/// Pure. Threads: any.
#pragma once

#include <string>
#include <string_view>

namespace cordyna {

/// With A to Z as a to z; other characters stay.
[[nodiscard]] std::string ascii_lower(std::string_view text);

/// Whether the word stands in the SQL `text` as an identifier may, in any case. It may stand in a
/// string or a comment too: better once too often.
[[nodiscard]] bool mentions(std::string_view text, std::string_view word);

}  // namespace cordyna
