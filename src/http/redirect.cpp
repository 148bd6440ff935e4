#include "http/redirect.hpp"

#include <fmt/format.h>

#include <utility>

#include "base/words.hpp"

namespace cordyna::http {

Result<std::optional<Url>> redirect_of(const Request& request, const Response& response) {
  const std::string location = response.header("Location");
  const bool moved = response.status >= 301 && response.status <= 308 && response.status != 304 &&
                     !location.empty();
  if (!moved) return std::optional<Url>();
  TRY_ASSIGN(Url url, resolve_url(request.url, location));
  if (request.url.is_tls() && !url.is_tls()) {
    return fail(ErrorCode::kUntrusted,
                fmt::format("the server redirects to {}, away from TLS", url.shown()));
  }
  return std::optional<Url>(std::move(url));
}

void follow(Request& request, Url to, const Url& first, const Response& response, Reach& reach) {
  // What was bounded to the public stays so.
  if (reach != Reach::kPublic) {
    reach = response.from_public ? Reach::kPublic : Reach::kNoLinkLocal;
  }
  if (!to.same_origin(first)) {
    std::erase_if(request.headers, [](const Header& header) {
      const std::string name = ascii_lower(header.name);
      return name != "accept" && name != "accept-language" && name != "user-agent" &&
             name != "range" && name != "if-range";
    });
  }
  request.url = std::move(to);
}

Error too_many_redirects(const Url& last) {
  return {ErrorCode::kInvalidArgument,
          fmt::format("more than {} redirects, the last one to {}", kRedirectsMax, last.shown())};
}

}  // namespace cordyna::http
