#include "base/status_range.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "base/text.hpp"

namespace cordyna {
namespace {

constexpr int kFirstStatus = 200;  // what is below is no answer yet
constexpr int kLastStatus = 599;

std::string_view without_blanks(std::string_view text) {
  while (text.starts_with(' ')) text.remove_prefix(1);
  while (text.ends_with(' ')) text.remove_suffix(1);
  return text;
}

/// 0: it is none.
int status_of(std::string_view text) {
  int status = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), status);
  const bool whole = error == std::errc() && end == text.data() + text.size();
  return whole && status >= kFirstStatus && status <= kLastStatus ? status : 0;
}

}  // namespace

Result<StatusRange> parse_status_range(std::string_view text) {
  const std::string_view trimmed = without_blanks(text);
  const std::size_t dash = trimmed.find('-');
  const int first = status_of(without_blanks(trimmed.substr(0, dash)));
  const int last =
      dash == std::string_view::npos ? first : status_of(without_blanks(trimmed.substr(dash + 1)));
  if (first != 0 && last >= first) return StatusRange{first, last};
  return fail(ErrorCode::kInvalidArgument,
              fmt::format("'{}' is no status, nor a range of them: 204 and 200-299 are, from {} to "
                          "{}",
                          fit(printable(text), 40), kFirstStatus, kLastStatus));
}

Result<StatusRanges> parse_status_ranges(std::string_view text) {
  StatusRanges ranges;
  while (true) {
    const std::size_t comma = std::min(text.find(','), text.size());
    TRY_ASSIGN(const StatusRange range, parse_status_range(text.substr(0, comma)));
    ranges.push_back(range);
    if (comma == text.size()) return ranges;
    text.remove_prefix(comma + 1);
  }
}

bool holds(const StatusRanges& ranges, int status) {
  return std::ranges::any_of(ranges, [status](const StatusRange& range) {
    return status >= range.first && status <= range.last;
  });
}

}  // namespace cordyna
