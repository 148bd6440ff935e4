#include "base/words.hpp"

#include <algorithm>

namespace cordyna {

namespace {

char lower(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

}  // namespace

std::string ascii_lower(std::string_view text) {
  std::string out(text);
  std::ranges::transform(out, out.begin(), lower);
  return out;
}

bool same_word(std::string_view a, std::string_view b) {
  return a.size() == b.size() && std::ranges::equal(a, b, {}, lower, lower);
}

bool is_id(std::string_view text) {
  constexpr std::size_t kMax = 128;
  const auto inner = [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'); };
  return !text.empty() && text.size() <= kMax && inner(text.front()) &&
         std::ranges::all_of(text,
                             [&](char c) { return inner(c) || c == '.' || c == '_' || c == '-'; });
}

bool mentions(std::string_view text, std::string_view word) {
  const auto part = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
           static_cast<unsigned char>(c) >= 0x80;
  };
  for (std::size_t at = 0; !word.empty() && at + word.size() <= text.size(); ++at) {
    if (at > 0 && part(text[at - 1]) && part(word.front())) continue;
    const std::size_t end = at + word.size();
    if (end < text.size() && part(text[end]) && part(word.back())) continue;
    if (std::ranges::equal(text.substr(at, word.size()), word, {}, lower, lower)) return true;
  }
  return false;
}

}  // namespace cordyna
