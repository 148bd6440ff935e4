#include "http/proxy.hpp"

#include <fmt/format.h>

#include "base/base64.hpp"
#include "base/words.hpp"

namespace cordyna::http {
namespace {

bool matches(std::string_view entry, const Url& url) {
  if (entry == "*") return true;
  const std::size_t colon = entry.rfind(':');
  if (colon != std::string_view::npos && entry.find(':') == colon) {
    if (entry.substr(colon + 1) != std::to_string(url.port)) return false;
    entry = entry.substr(0, colon);
  }
  if (entry.starts_with("*.")) entry.remove_prefix(1);
  if (entry.starts_with('.')) entry.remove_prefix(1);
  const std::string name = ascii_lower(entry);
  return !name.empty() && (url.host == name || url.host.ends_with("." + name));
}

bool is_direct(const Url& url, std::string_view list) {
  while (!list.empty()) {
    const std::size_t end = std::min(list.find_first_of(", "), list.size());
    if (matches(list.substr(0, end), url)) return true;
    list.remove_prefix(std::min(end + 1, list.size()));
  }
  return false;
}

std::string percent_decode(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const std::string_view digits = text.substr(std::min(i + 1, text.size()), 2);
    if (text[i] == '%' && digits.size() == 2 &&
        digits.find_first_not_of("0123456789abcdefABCDEF") == std::string_view::npos) {
      out += static_cast<char>(std::stoi(std::string(digits), nullptr, 16));
      i += 2;
    } else {
      out += text[i];
    }
  }
  return out;
}

Result<Proxy> parse_proxy(std::string_view variable, std::string text) {
  if (text.find("://") == std::string::npos) text.insert(0, "http://");
  Proxy proxy;
  const std::size_t scheme = text.find("://") + 3;
  const std::size_t at = text.substr(0, text.find('/', scheme)).rfind('@');
  if (at != std::string::npos && at >= scheme) {
    const std::string user = percent_decode(text.substr(scheme, at - scheme));
    proxy.authorization = "Basic " + base64(user);
    text.erase(scheme, at + 1 - scheme);
  }
  const Result<Url> url = parse_url(text);
  if (!url.has_value() || url->is_tls()) {
    return fail(ErrorCode::kInvalidArgument,
                fmt::format("{} is no address of a proxy: http://HOST:PORT is", variable));
  }
  proxy.host = url->host;
  proxy.port = url->port;
  return proxy;
}

}  // namespace

std::vector<std::pair<std::string, std::string>> network_variables() {
  std::vector<std::pair<std::string, std::string>> found;
  const auto add = [&found](const char* name) {
    const char* value = std::getenv(name);
    if (value != nullptr && *value != '\0') found.emplace_back(name, value);
  };
  for (const char* name : {"SSL_CERT_FILE", "SSL_CERT_DIR"}) add(name);
  for (const char* name : kProxyVariables) add(name);
  return found;
}

std::string proxy_password(std::string_view address) {
  const std::size_t at = address.rfind('@');
  const std::size_t colon = address.rfind(':', at);
  if (at == std::string_view::npos || colon == std::string_view::npos) return {};
  return std::string(address.substr(colon + 1, at - colon - 1));
}

Result<std::optional<Proxy>> find_proxy(const Url& url, const Environment& environment) {
  std::string list = environment("no_proxy");
  if (list.empty()) list = environment("NO_PROXY");
  if (is_direct(url, list)) return std::optional<Proxy>();
  for (const char* name : {url.is_tls() ? "https_proxy" : "http_proxy",
                           url.is_tls() ? "HTTPS_PROXY" : "", "all_proxy", "ALL_PROXY"}) {
    const std::string value = *name == '\0' ? std::string() : environment(name);
    if (value.empty()) continue;
    TRY_ASSIGN(Proxy proxy, parse_proxy(name, value));
    return std::optional<Proxy>(std::move(proxy));
  }
  return std::optional<Proxy>();
}

}  // namespace cordyna::http
