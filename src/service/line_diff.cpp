#include "service/line_diff.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstddef>
#include <utility>

namespace cordyna {
namespace {

constexpr std::size_t kContext = 3;
// Lines that differ, at most: memory goes with its square.
constexpr std::ptrdiff_t kEditsMax = 2000;

using Lines = std::vector<std::string_view>;

Lines lines_of(std::string_view text) {
  Lines lines;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    lines.push_back(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return lines;
}

struct Edit {
  char mark = ' ';  // ' ', '-', '+'
  std::string_view line;
};

constexpr std::ptrdiff_t kNowhere = -1;

struct Step {
  std::ptrdiff_t from = kNowhere;  // x before it
  bool down = false;               // a line of the new text; else one of the old
};

/// The last edit on the way to place `i` of `d` edits, from what one edit less reaches. No way
/// leads out of the texts.
Step step_to(const std::vector<std::ptrdiff_t>& reach, std::ptrdiff_t i, std::ptrdiff_t d,
             std::ptrdiff_t n, std::ptrdiff_t m) {
  const std::ptrdiff_t k = 2 * i - d;
  std::ptrdiff_t down = i < d ? reach[static_cast<std::size_t>(i)] : kNowhere;
  if (down != kNowhere && down - k > m) down = kNowhere;
  std::ptrdiff_t right = i > 0 ? reach[static_cast<std::size_t>(i - 1)] : kNowhere;
  if (right >= n) right = kNowhere;
  if (down == kNowhere && right == kNowhere) return {};
  const bool is_down = right == kNowhere || (down != kNowhere && down > right);
  return {is_down ? down : right, is_down};
}

/// The furthest points of each number of edits (Myers, 1986); empty: more edits than allowed.
std::vector<std::vector<std::ptrdiff_t>> search(const Lines& a, const Lines& b) {
  const auto n = std::ssize(a);
  const auto m = std::ssize(b);
  std::vector<std::vector<std::ptrdiff_t>> trace;
  std::vector<std::ptrdiff_t> reach{0};  // of diagonals -d, -d+2, …, d: x, by (k + d) / 2
  for (std::ptrdiff_t d = 0; d <= std::min(n + m, kEditsMax); ++d) {
    std::vector<std::ptrdiff_t> next(static_cast<std::size_t>(d + 1));
    for (std::ptrdiff_t i = 0; i <= d; ++i) {
      const std::ptrdiff_t k = 2 * i - d;
      std::ptrdiff_t x = 0;
      if (d > 0) {
        const Step step = step_to(reach, i, d, n, m);
        next[static_cast<std::size_t>(i)] = kNowhere;
        if (step.from == kNowhere) continue;
        x = step.down ? step.from : step.from + 1;
      }
      while (x < n && x - k < m &&
             a[static_cast<std::size_t>(x)] == b[static_cast<std::size_t>(x - k)]) {
        ++x;
      }
      next[static_cast<std::size_t>(i)] = x;
      if (x == n && x - k == m) {
        trace.push_back(std::move(next));
        return trace;
      }
    }
    trace.push_back(next);
    reach = std::move(next);
  }
  return {};
}

/// The edits that lead from one to the other, in order.
std::vector<Edit> edits_of(const Lines& a, const Lines& b) {
  std::vector<Edit> edits;
  const auto trace = search(a, b);
  if (trace.empty()) {
    edits.reserve(a.size() + b.size());
    for (const std::string_view line : a) edits.push_back({'-', line});
    for (const std::string_view line : b) edits.push_back({'+', line});
    return edits;
  }
  std::ptrdiff_t x = std::ssize(a);
  std::ptrdiff_t y = std::ssize(b);
  for (std::ptrdiff_t d = std::ssize(trace) - 1; d > 0; --d) {
    const auto& reach = trace[static_cast<std::size_t>(d - 1)];
    const auto [from_x, down] = step_to(reach, (x - y + d) / 2, d, std::ssize(a), std::ssize(b));
    const std::ptrdiff_t from_y = from_x - (down ? x - y + 1 : x - y - 1);
    for (; x > from_x + (down ? 0 : 1) && y > from_y + (down ? 1 : 0); --x, --y) {
      edits.push_back({' ', a[static_cast<std::size_t>(x - 1)]});
    }
    edits.push_back(down ? Edit{'+', b[static_cast<std::size_t>(from_y)]}
                         : Edit{'-', a[static_cast<std::size_t>(from_x)]});
    x = from_x;
    y = from_y;
  }
  for (; x > 0; --x) edits.push_back({' ', a[static_cast<std::size_t>(x - 1)]});
  std::ranges::reverse(edits);
  return edits;
}

void append_hunk(std::vector<std::string>& out, const std::vector<Edit>& edits, std::size_t begin,
                 std::size_t end, std::size_t line_a, std::size_t line_b) {
  std::size_t count_a = 0;
  std::size_t count_b = 0;
  for (std::size_t i = begin; i < end; ++i) {
    count_a += edits[i].mark != '+' ? 1 : 0;
    count_b += edits[i].mark != '-' ? 1 : 0;
  }
  // A side without lines names the line before, as diff does.
  out.push_back(fmt::format("@@ -{},{} +{},{} @@", count_a == 0 ? line_a - 1 : line_a, count_a,
                            count_b == 0 ? line_b - 1 : line_b, count_b));
  for (std::size_t i = begin; i < end; ++i) {
    out.push_back(fmt::format("{}{}", edits[i].mark, edits[i].line));
  }
}

}  // namespace

std::vector<std::string> unified_diff(std::string_view before, std::string_view after) {
  std::vector<std::string> out;
  const std::vector<Edit> edits = edits_of(lines_of(before), lines_of(after));
  std::size_t line_a = 1;
  std::size_t line_b = 1;
  const auto pass = [&](std::size_t from, std::size_t to) {
    for (std::size_t i = from; i < to; ++i) {
      line_a += edits[i].mark != '+' ? 1 : 0;
      line_b += edits[i].mark != '-' ? 1 : 0;
    }
  };
  std::size_t at = 0;  // all before this is passed
  while (true) {
    const auto is_change = [](const Edit& edit) { return edit.mark != ' '; };
    const auto first =
        std::find_if(edits.begin() + static_cast<std::ptrdiff_t>(at), edits.end(), is_change);
    if (first == edits.end()) return out;
    const auto change = static_cast<std::size_t>(first - edits.begin());
    const std::size_t begin = std::max(at, change - std::min(change, kContext));
    std::size_t last = change;
    for (std::size_t i = change; i < edits.size() && i <= last + 2 * kContext; ++i) {
      if (is_change(edits[i])) last = i;
    }
    const std::size_t end = std::min(last + 1 + kContext, edits.size());
    pass(at, begin);
    append_hunk(out, edits, begin, end, line_a, line_b);
    pass(begin, end);
    at = end;
  }
}

}  // namespace cordyna
