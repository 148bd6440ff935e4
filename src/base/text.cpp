#include "base/text.hpp"

#include <fmt/format.h>

#include <array>
#include <cstdint>
#include <iterator>

namespace cordyna {
namespace {

struct Decoded {
  std::uint32_t point = 0;
  std::size_t size = 0;  // bytes; 0: not UTF-8 here
};

bool is_tail(unsigned char byte) {
  return (byte & 0xC0U) == 0x80U;
}

/// One code point of well-formed UTF-8 (no overlong forms, no surrogates) at the front of `text`.
Decoded decode(std::string_view text) {
  const auto at = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  const unsigned char lead = at(0);
  if (lead < 0x80) return {lead, 1};
  std::size_t size = 0;
  std::uint32_t point = 0;
  if (lead >= 0xC2 && lead <= 0xDF) {
    size = 2;
    point = lead & 0x1FU;
  } else if ((lead & 0xF0U) == 0xE0U) {
    size = 3;
    point = lead & 0x0FU;
  } else if (lead >= 0xF0 && lead <= 0xF4) {
    size = 4;
    point = lead & 0x07U;
  } else {
    return {};
  }
  if (text.size() < size) return {};
  for (std::size_t i = 1; i < size; ++i) {
    if (!is_tail(at(i))) return {};
    point = (point << 6U) | (at(i) & 0x3FU);
  }
  const bool overlong = (size == 3 && point < 0x800) || (size == 4 && point < 0x10000);
  const bool surrogate = point >= 0xD800 && point <= 0xDFFF;
  if (overlong || surrogate || point > 0x10FFFF) return {};
  return {point, size};
}

/// C0 without tab, DEL, C1, line separators, and what turns the direction of text around.
bool is_hostile(std::uint32_t point) {
  if (point < 0x20) return point != '\t';
  if (point == 0x7F || (point >= 0x80 && point <= 0x9F)) return true;
  if (point == 0x061C || point == 0xFEFF) return true;
  return (point >= 0x200B && point <= 0x200F) || (point >= 0x2028 && point <= 0x202E) ||
         (point >= 0x2066 && point <= 0x2069) || (point >= 0xE0000 && point <= 0xE007F);
}

void append_escape(std::string& out, std::uint32_t point) {
  switch (point) {
    case '\n': out += "\\n"; return;
    case '\r': out += "\\r"; return;
    default: break;
  }
  if (point < 0x80) {
    fmt::format_to(std::back_inserter(out), "\\x{:02x}", point);
  } else {
    fmt::format_to(std::back_inserter(out), "\\u{:04x}", point);
  }
}

/// The length of the front of `text` that is plain ASCII: most text is nothing else.
std::size_t plain_length(std::string_view text) {
  std::size_t length = 0;
  while (length < text.size()) {
    const auto byte = static_cast<unsigned char>(text[length]);
    if ((byte < 0x20 && byte != '\t') || byte >= 0x7F) break;
    ++length;
  }
  return length;
}

struct Range {
  std::uint32_t first;
  std::uint32_t last;
};

constexpr std::array kZeroWidth = {
    Range{0x0300, 0x036F}, Range{0x0483, 0x0489}, Range{0x0591, 0x05BD}, Range{0x0610, 0x061A},
    Range{0x064B, 0x065F}, Range{0x1AB0, 0x1AFF}, Range{0x1DC0, 0x1DFF}, Range{0x20D0, 0x20FF},
    Range{0xFE00, 0xFE0F}, Range{0xFE20, 0xFE2F}};

constexpr std::array kDoubleWidth = {
    Range{0x1100, 0x115F},   Range{0x2E80, 0x303E},   Range{0x3041, 0xA4CF},
    Range{0xA960, 0xA97F},   Range{0xAC00, 0xD7A3},   Range{0xF900, 0xFAFF},
    Range{0xFE30, 0xFE6F},   Range{0xFF00, 0xFF60},   Range{0xFFE0, 0xFFE6},
    Range{0x1F300, 0x1F64F}, Range{0x1F680, 0x1F6FF}, Range{0x1F900, 0x1FAFF},
    Range{0x20000, 0x3FFFD}};

template <std::size_t N>
bool contains(const std::array<Range, N>& ranges, std::uint32_t point) {
  for (const Range& range : ranges) {
    if (point >= range.first && point <= range.last) return true;
  }
  return false;
}

std::size_t width_of(std::uint32_t point) {
  if (point < 0x300) return 1;
  if (contains(kZeroWidth, point)) return 0;
  return contains(kDoubleWidth, point) ? 2 : 1;
}

}  // namespace

void append_printable(std::string& out, std::string_view text) {
  while (!text.empty()) {
    const std::size_t plain = plain_length(text);
    out.append(text.substr(0, plain));
    text.remove_prefix(plain);
    if (text.empty()) return;
    const Decoded found = decode(text);
    if (found.size == 0) {
      fmt::format_to(std::back_inserter(out), "\\x{:02x}", static_cast<unsigned char>(text[0]));
      text.remove_prefix(1);
      continue;
    }
    if (is_hostile(found.point)) {
      append_escape(out, found.point);
    } else {
      out.append(text.substr(0, found.size));
    }
    text.remove_prefix(found.size);
  }
}

std::string printable(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  append_printable(out, text);
  return out;
}

void append_json(std::string& out, std::string_view text) {
  out += '"';
  while (!text.empty()) {
    const Decoded found = decode(text);
    if (found.size == 0) {
      out += "\xEF\xBF\xBD";
      text.remove_prefix(1);
      continue;
    }
    if (found.point == '"' || found.point == '\\') {
      out += '\\';
      out += text[0];
    } else if (found.point == '\n') {
      out += "\\n";
    } else if (found.point < 0x20 || is_hostile(found.point)) {
      // Escaped although JSON would allow some of them: the lines are also read by people.
      if (found.point < 0x10000) {
        fmt::format_to(std::back_inserter(out), "\\u{:04x}", found.point);
      } else {
        const std::uint32_t rest = found.point - 0x10000;
        fmt::format_to(std::back_inserter(out), "\\u{:04x}\\u{:04x}", 0xD800 + (rest >> 10U),
                       0xDC00 + (rest & 0x3FFU));
      }
    } else {
      out.append(text.substr(0, found.size));
    }
    text.remove_prefix(found.size);
  }
  out += '"';
}

bool is_utf8(std::string_view text) {
  while (!text.empty()) {
    const std::size_t size = decode(text).size;
    if (size == 0) return false;
    text.remove_prefix(size);
  }
  return true;
}

void hide_in(std::string& text, std::string_view secret) {
  constexpr std::string_view kHidden = "***";
  constexpr std::size_t kShort = 4;
  if (secret.size() < kShort) return;
  for (std::size_t at = text.find(secret); at != std::string::npos; at = text.find(secret, at)) {
    text.replace(at, secret.size(), kHidden);
    at += kHidden.size();
  }
}

std::size_t display_width(std::string_view text) {
  std::size_t width = 0;
  while (!text.empty()) {
    const Decoded found = decode(text);
    width += found.size == 0 ? 1 : width_of(found.point);
    text.remove_prefix(found.size == 0 ? 1 : found.size);
  }
  return width;
}

std::string fit(std::string_view text, std::size_t columns) {
  if (text.size() <= columns || display_width(text) <= columns) return std::string(text);
  if (columns == 0) return {};
  std::string out;
  std::size_t used = 0;
  while (!text.empty()) {
    const Decoded found = decode(text);
    const std::size_t size = found.size == 0 ? 1 : found.size;
    const std::size_t width = found.size == 0 ? 1 : width_of(found.point);
    if (used + width > columns - 1) break;
    out.append(text.substr(0, size));
    used += width;
    text.remove_prefix(size);
  }
  out += "…";
  return out;
}

std::string pad(std::string_view text, std::size_t columns) {
  std::string out = fit(text, columns);
  const std::size_t width = display_width(out);
  if (width < columns) out.append(columns - width, ' ');
  return out;
}

std::string grouped(std::size_t number) {
  std::string digits = fmt::format("{}", number);
  for (std::size_t at = digits.size(); at > 3; at -= 3) digits.insert(at - 3, ",");
  return digits;
}

std::string counted(std::size_t number, std::string_view noun) {
  return fmt::format("{} {}{}", grouped(number), noun, number == 1 ? "" : "s");
}

}  // namespace cordyna
