/// Pieces of SQL text that are right whatever stands in them.
///
/// Pure. Threads: any.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"

namespace cordyna::data {

/// 'text' with quotes doubled. Bytes stay as they are; the caller has refused NUL.
[[nodiscard]] std::string quote_text(std::string_view text);

/// "name" with quotes doubled.
[[nodiscard]] std::string quote_name(std::string_view name);

/// Names quoted, joined by ", ".
[[nodiscard]] std::string quote_names(const std::vector<std::string>& names);

/// ['a', 'b']: a list of texts.
[[nodiscard]] std::string text_list(const std::vector<std::string>& texts);

/// Whether `sql` is one expression or one query that stays inside the parentheses we put around it:
/// no ";" outside quotes and comments (one at the very end is let pass), parentheses balanced and
/// never closed early, quotes and comments closed, no NUL.
///
/// It also keeps the shell's own commands (".shell …") out: those count only where a statement
/// begins, and no second statement can begin. Errors: kInvalidArgument.
[[nodiscard]] Result<> check_fragment(std::string_view sql);

/// `sql` without the ";" and blanks at its end.
[[nodiscard]] std::string_view trim_fragment(std::string_view sql);

}  // namespace cordyna::data
