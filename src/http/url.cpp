#include "http/url.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <vector>

#include "base/words.hpp"

namespace cordyna::http {
namespace {

bool is_unreserved(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
         c == '.' || c == '_' || c == '~';
}

std::unexpected<Error> bad(std::string_view text, std::string_view what) {
  return fail(ErrorCode::kInvalidArgument, fmt::format("{}: {}", shown_address(text), what));
}

/// What people type: blanks and letters beyond ASCII; all else is theirs to encode.
std::string tidy_target(std::string_view target) {
  std::string out;
  for (const char c : target.substr(0, target.find('#'))) {
    if (c == ' ' || static_cast<unsigned char>(c) >= 0x80) {
      out += fmt::format("%{:02X}", static_cast<unsigned char>(c));
    } else {
      out += c;
    }
  }
  if (out.empty() || out.front() != '/') out.insert(0, "/");
  return out;
}

Result<std::uint16_t> parse_port(std::string_view text, std::string_view whole) {
  std::uint32_t port = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), port);
  if (error != std::errc() || end != text.data() + text.size() || port == 0 || port > 65535) {
    return bad(whole, fmt::format("'{}' is no port", text));
  }
  return static_cast<std::uint16_t>(port);
}

Result<> split_authority(std::string_view authority, std::string_view whole, Url& url) {
  std::string_view host = authority;
  std::string_view port;
  if (authority.starts_with('[')) {
    const std::size_t close = authority.find(']');
    if (close == std::string_view::npos) return bad(whole, "the address lacks its ']'");
    host = authority.substr(1, close - 1);
    if (!host.contains(':')) return bad(whole, "only an IPv6 address stands in brackets");
    port = authority.substr(close + 1);
    if (!port.empty() && port.front() != ':') return bad(whole, "a port is wanted behind ']'");
    if (!port.empty()) port.remove_prefix(1);
  } else if (const std::size_t colon = authority.rfind(':'); colon != std::string_view::npos) {
    host = authority.substr(0, colon);
    port = authority.substr(colon + 1);
  }
  if (host.empty()) return bad(whole, "it names no host");
  const bool odd = std::ranges::any_of(host, [](char c) { return !is_unreserved(c) && c != ':'; });
  if (odd)
    return bad(whole, fmt::format("'{}' is no host name; one beyond ASCII begins with xn--", host));
  url.host = ascii_lower(host);
  url.port = url.is_tls() ? 443 : 80;
  if (port.empty()) return {};
  TRY_ASSIGN(url.port, parse_port(port, whole));
  return {};
}

/// "/a/./b/../c" → "/a/c"; the query stays as it is.
std::string without_dots(std::string_view target) {
  const std::size_t query = std::min(target.find('?'), target.size());
  std::vector<std::string_view> parts;
  std::string_view path = target.substr(0, query);
  bool folder = false;
  while (!path.empty()) {
    path.remove_prefix(1);
    const std::size_t end = std::min(path.find('/'), path.size());
    const std::string_view part = path.substr(0, end);
    folder = part.empty() || part == "." || part == "..";
    if (part == ".." && !parts.empty()) parts.pop_back();
    if (part != "." && part != ".." && (!part.empty() || end < path.size())) parts.push_back(part);
    path.remove_prefix(end);
  }
  std::string out;
  for (const std::string_view part : parts) (out += '/') += part;
  if (folder || out.empty()) out += '/';
  return out + std::string(target.substr(query));
}

}  // namespace

std::string Url::authority() const {
  const std::string name = host.find(':') == std::string::npos ? host : "[" + host + "]";
  const bool usual = port == (is_tls() ? 443 : 80);
  return usual ? name : fmt::format("{}:{}", name, port);
}

std::string Url::text() const {
  return scheme + "://" + authority() + target;
}

std::string Url::shown() const {
  return scheme + "://" + authority() + target.substr(0, target.find('?'));
}

bool Url::same_origin(const Url& other) const {
  return scheme == other.scheme && host == other.host && port == other.port;
}

Result<Url> parse_url(std::string_view text) {
  const bool control =
      std::ranges::any_of(text, [](char c) { return (c >= 0 && c < 0x20) || c == 0x7f; });
  if (control) return fail(ErrorCode::kInvalidArgument, "an address has no control characters");
  const std::size_t scheme = text.find("://");
  if (scheme == std::string_view::npos) return bad(text, "it is no address: https://HOST/PATH is");
  Url url;
  url.scheme = ascii_lower(text.substr(0, scheme));
  if (url.scheme != "http" && url.scheme != "https") {
    return bad(text, fmt::format("'{}://' is neither http:// nor https://", url.scheme));
  }
  const std::string_view rest = text.substr(scheme + 3);
  const std::size_t end = std::min(rest.find_first_of("/?#"), rest.size());
  const std::string_view authority = rest.substr(0, end);
  if (authority.find('@') != std::string_view::npos) {
    return bad(text, "user and password do not stand in an address: use the key 'auth'");
  }
  TRY(split_authority(authority, text, url));
  url.target = tidy_target(rest.substr(end));
  return url;
}

Result<Url> resolve_url(const Url& base, std::string_view location) {
  if (location.find("://") < location.find_first_of("/?#")) return parse_url(location);
  if (location.starts_with("//")) return parse_url(base.scheme + ":" + std::string(location));
  const std::string front = base.scheme + "://" + base.authority();
  const std::string path = base.target.substr(0, base.target.find('?'));
  std::string target;
  if (location.starts_with('/')) {
    target = location;
  } else if (location.starts_with('?')) {
    target = path + std::string(location);
  } else {
    target = path.substr(0, path.rfind('/') + 1) + std::string(location);
  }
  TRY_ASSIGN(Url url, parse_url(front + target));
  url.target = without_dots(url.target);
  return url;
}

std::string shown_address(std::string_view text) {
  std::string_view front = text.substr(0, text.find_first_of("?#"));
  const std::size_t scheme = front.find("://");
  if (scheme == std::string_view::npos) return std::string(front);
  const std::size_t begin = scheme + 3;
  const std::size_t end = std::min(front.find('/', begin), front.size());
  const std::size_t at = front.substr(0, end).rfind('@');
  if (at == std::string_view::npos || at < begin) return std::string(front);
  return std::string(front.substr(0, begin)) + std::string(front.substr(at + 1));
}

bool is_loopback(std::string_view host) {
  if (host == "localhost" || host == "::1") return true;
  if (!host.starts_with("127.")) return false;
  return host.find_first_not_of("0123456789.") == std::string_view::npos &&
         std::ranges::count(host, '.') == 3;
}

}  // namespace cordyna::http
