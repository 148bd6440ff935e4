#include "base/pattern.hpp"

#include "base/text.hpp"

namespace cordyna {
namespace {

constexpr std::size_t kPatternMax = 255;

/// `set` behind its [; `end` is where its ] stands. A ] that comes first is one of the set.
std::size_t end_of_set(std::string_view set) {
  std::size_t at = !set.empty() && (set[0] == '!' || set[0] == '^') ? 1 : 0;
  if (at < set.size() && set[at] == ']') ++at;
  return set.find(']', at);
}

bool is_in_set(std::string_view set, std::string_view one) {
  const bool other = set[0] == '!' || set[0] == '^';
  if (other) set.remove_prefix(1);
  bool found = false;
  while (!set.empty()) {
    const std::string_view low = set.substr(0, character_size(set));
    set.remove_prefix(low.size());
    std::string_view high = low;
    if (set.size() >= 2 && set[0] == '-') {
      set.remove_prefix(1);
      high = set.substr(0, character_size(set));
      set.remove_prefix(high.size());
    }
    found = found || (low <= one && one <= high);  // bytes of UTF-8 are in the order of letters
  }
  return found != other;
}

/// How much of the pattern stands for the character that `text` begins with; 0: nothing does.
std::size_t fit_one(std::string_view pattern, std::string_view one) {
  if (pattern.empty()) return 0;
  if (pattern[0] == '?') return one == "/" ? 0 : 1;
  if (pattern[0] == '[') {
    const std::size_t end = end_of_set(pattern.substr(1));
    if (end == std::string_view::npos) return 0;
    return one != "/" && is_in_set(pattern.substr(1, end), one) ? end + 2 : 0;
  }
  return pattern.starts_with(one) ? one.size() : 0;
}

}  // namespace

std::size_t character_size(std::string_view text) {
  const auto first = static_cast<unsigned char>(text[0]);
  std::size_t length = 1;
  if (first >= 0xf0) {
    length = 4;
  } else if (first >= 0xe0) {
    length = 3;
  } else if (first >= 0xc0) {
    length = 2;
  }
  return length <= text.size() && is_utf8(text.substr(0, length)) ? length : 1;
}

/// Only the last * need be tried again: those before it took the least they could, and a slash
/// bounds them all.
bool fits_pattern(std::string_view pattern, std::string_view text) {
  std::size_t p = 0;
  std::size_t t = 0;
  std::size_t star = std::string_view::npos;
  std::size_t from = 0;  // where what follows the star was tried last
  while (t < text.size()) {
    if (p < pattern.size() && pattern[p] == '*') {
      star = p++;
      from = t;
      continue;
    }
    const std::string_view one = text.substr(t, character_size(text.substr(t)));
    if (const std::size_t used = fit_one(pattern.substr(p), one); used > 0) {
      p += used;
      t += one.size();
      continue;
    }
    if (star == std::string_view::npos || text[from] == '/') return false;
    from += character_size(text.substr(from));
    t = from;
    p = star + 1;
  }
  return pattern.find_first_not_of('*', p) == std::string_view::npos;
}

std::string pattern_problem(std::string_view pattern) {
  if (pattern.empty()) return "is empty; '*' is for all names";
  if (pattern.size() > kPatternMax) return "is longer than 255 bytes";
  if (pattern.contains('\0')) return "has a NUL";
  if (pattern.contains("**")) {
    return "has '**'; a pattern without a slash is for names in each folder";
  }
  if (pattern.front() == '/' || pattern.back() == '/') {
    return "begins or ends with a slash; paths are from the folder";
  }
  for (std::size_t at = 0; at < pattern.size(); ++at) {
    if (pattern[at] != '[') continue;
    const std::size_t end = end_of_set(pattern.substr(at + 1));
    if (end == std::string_view::npos) return "has a '[' without its ']'";
    at += end + 1;
  }
  return {};
}

}  // namespace cordyna
