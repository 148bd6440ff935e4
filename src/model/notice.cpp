#include "model/notice.hpp"

#include <array>

#include "model/value_names.hpp"

namespace cordyna {
namespace {

constexpr std::array<std::string_view, 7> kNoticeKinds{"failed",   "blocked", "lost", "held",
                                                       "retrying", "late",    "stuck"};

}  // namespace

std::string_view to_string(NoticeKind kind) {
  return kNoticeKinds[static_cast<std::size_t>(kind)];
}

std::optional<NoticeKind> parse_notice_kind(std::string_view text) {
  return value_named<NoticeKind>(kNoticeKinds, text);
}

bool is_of_a_moment(NoticeKind kind) {
  return kind == NoticeKind::kHeld || kind == NoticeKind::kRetrying || kind == NoticeKind::kLate ||
         kind == NoticeKind::kStuck;
}

std::string without_items(std::string_view path) {
  std::string out;
  bool inside = false;
  for (const char c : path) {
    inside = c == '[' || (inside && c != ']');
    if (!inside && c != ']') out += c;
  }
  return out;
}

}  // namespace cordyna
