#include "server/http/header_values.hpp"

#include <algorithm>

#include "base/words.hpp"

namespace cordyna::server {

std::vector<std::string_view> header_values(const http::Headers& headers, std::string_view name) {
  std::vector<std::string_view> found;
  for (const http::Header& header : headers) {
    if (same_word(header.name, name)) found.emplace_back(header.value);
  }
  return found;
}

std::vector<std::string_view> header_members(const http::Headers& headers, std::string_view name) {
  constexpr std::string_view kBlank = " \t";
  std::vector<std::string_view> members;
  for (std::string_view rest : header_values(headers, name)) {
    while (true) {
      const std::size_t comma = std::min(rest.find(','), rest.size());
      const std::string_view member = rest.substr(0, comma);
      const std::size_t begin = member.find_first_not_of(kBlank);
      if (begin != std::string_view::npos) {
        members.push_back(member.substr(begin, member.find_last_not_of(kBlank) - begin + 1));
      }
      if (comma == rest.size()) break;
      rest.remove_prefix(comma + 1);
    }
  }
  return members;
}

bool has_member(const http::Headers& headers, std::string_view name, std::string_view word) {
  return std::ranges::any_of(header_members(headers, name),
                             [word](std::string_view member) { return same_word(member, word); });
}

}  // namespace cordyna::server
