#include "server/http/target.hpp"

#include <algorithm>
#include <charconv>
#include <cstdint>

#include "base/words.hpp"

namespace cordyna::server {
namespace {

bool is_alnum(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

bool is_host_char(char c) {
  constexpr std::string_view kAlso = "-._~!$&'()*+,;=%";
  return is_alnum(c) || kAlso.find(c) != std::string_view::npos;
}

bool is_port(std::string_view text) {
  std::uint32_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  return text.empty() ||
         (error == std::errc() && end == text.data() + text.size() && number <= 65535);
}

}  // namespace

std::optional<Authority> parse_authority(std::string_view text) {
  std::size_t size = text.find(':');
  bool fine = false;
  if (text.starts_with('[')) {
    const std::size_t end = text.find(']');
    if (end == std::string_view::npos || end == 1) return std::nullopt;
    size = end + 1 == text.size() ? std::string_view::npos : end + 1;
    if (size != std::string_view::npos && text[size] != ':') return std::nullopt;
    fine = std::ranges::all_of(text.substr(1, end - 1),
                               [](char c) { return is_alnum(c) || c == ':' || c == '.'; });
  } else {
    const std::string_view host = text.substr(0, size);
    fine = !host.empty() && std::ranges::all_of(host, is_host_char);
  }
  if (!fine) return std::nullopt;
  Authority authority{.host = ascii_lower(text.substr(0, size)), .port = {}};
  if (size != std::string_view::npos) authority.port = text.substr(size + 1);
  if (!is_port(authority.port)) return std::nullopt;
  return authority;
}

std::optional<Target> parse_target(std::string_view text) {
  const bool fine =
      std::ranges::all_of(text, [](char c) { return c > ' ' && c < 127 && c != '#'; });
  if (!fine || text.empty()) return std::nullopt;
  Target target;
  if (!text.starts_with('/')) {
    const std::size_t scheme_end = text.find("://");
    const std::string scheme = ascii_lower(text.substr(0, std::min(scheme_end, text.size())));
    if (scheme_end == std::string_view::npos || (scheme != "http" && scheme != "https")) {
      return std::nullopt;
    }
    text.remove_prefix(scheme_end + 3);
    const std::size_t size = std::min(text.find_first_of("/?"), text.size());
    target.authority = parse_authority(text.substr(0, size));
    if (!target.authority.has_value()) return std::nullopt;
    target.default_port = scheme == "http" ? "80" : "443";
    text.remove_prefix(size);
  }
  const std::size_t mark = text.find('?');
  target.path = text.substr(0, mark);
  if (target.path.empty()) target.path = "/";
  if (mark != std::string_view::npos) target.query = text.substr(mark + 1);
  return target;
}

bool same_authority(const Authority& a, const Authority& b, const std::string& default_port) {
  const auto port = [&](const Authority& of) { return of.port.empty() ? default_port : of.port; };
  return a.host == b.host && port(a) == port(b);
}

}  // namespace cordyna::server
