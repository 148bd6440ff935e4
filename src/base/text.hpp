/// Text on its way to a terminal or a program: escaped, measured, cut.
///
/// Whatever a task printed or a user named goes through here, so that it can neither move the
/// cursor nor forge a line (S27). Threads: any.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace cordyna {

/// Appends `text` with control characters, bidirectional overrides and bytes that are not UTF-8
/// written as \r, \x1b, \u202e. Tabs stay. A newline becomes \n in letters.
void append_printable(std::string& out, std::string_view text);
[[nodiscard]] std::string printable(std::string_view text);

/// Appends `text` as a JSON string with its quotes; bytes that are not UTF-8 become U+FFFD.
void append_json(std::string& out, std::string_view text);

/// Whether `text` is UTF-8, whatever its characters.
[[nodiscard]] bool is_utf8(std::string_view text);

/// Puts "***" wherever `secret` stands. One shorter than four bytes stays: it would blot out half
/// of what is said.
void hide_in(std::string& text, std::string_view secret);

/// Columns that a terminal needs for printable text (tabs count 1).
[[nodiscard]] std::size_t display_width(std::string_view text);

/// `text` cut to `columns`, with "…" as its last column where something was cut off.
[[nodiscard]] std::string fit(std::string_view text, std::size_t columns);

/// `fit`, then filled with spaces up to `columns`.
[[nodiscard]] std::string pad(std::string_view text, std::size_t columns);

/// 12345 → "12,345".
[[nodiscard]] std::string grouped(std::size_t number);

/// "1 error", "2 errors".
[[nodiscard]] std::string counted(std::size_t number, std::string_view noun);

}  // namespace cordyna
