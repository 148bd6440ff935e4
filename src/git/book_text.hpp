/// What is saved of a follow, as the text of its row in the state.
///
/// Pure.
#pragma once

#include <string>
#include <string_view>

#include "base/result.hpp"
#include "model/git.hpp"

namespace cordyna::git {

/// The name of the row (PositionRow) of a namespace.
[[nodiscard]] std::string position_of(std::string_view ns);

[[nodiscard]] std::string text_of(const GitBook& book);
/// Of an empty text, an empty book. Errors: kCorrupt.
[[nodiscard]] Result<GitBook> read_book(std::string_view text);

}  // namespace cordyna::git
