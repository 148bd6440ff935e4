#include "server/http/listen.hpp"

#include <charconv>

namespace cordyna::server {

Result<HttpSettings> parse_listen(std::string_view text) {
  HttpSettings http;
  const std::size_t colon = text.rfind(':');
  const auto wrong = [] {
    return fail(ErrorCode::kInvalidArgument,
                "an address with its port like 127.0.0.1:7070 or [::1]:7070 is wanted");
  };
  if (colon == std::string_view::npos) return wrong();
  std::string_view address = text.substr(0, colon);
  if (address.starts_with('[') && address.ends_with(']')) {
    address = address.substr(1, address.size() - 2);
  } else if (address.contains(':')) {
    return wrong();
  }
  const char* const begin = text.data() + colon + 1;
  const char* const end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(begin, end, http.port);
  if (error != std::errc() || stop != end || begin == end) return wrong();
  if (!address.empty()) http.address = address;
  return http;
}

std::vector<std::string> loopback_names(const std::string& address) {
  return {"127.0.0.1", "localhost", "[::1]", address};
}

}  // namespace cordyna::server
