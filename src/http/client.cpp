#include "http/client.hpp"

#include <fmt/format.h>

#include <cstdlib>
#include <memory>
#include <optional>
#include <utility>

namespace cordyna::http {
namespace {

Environment own_environment() {
  return [](const char* name) {
    const char* value = std::getenv(name);
    return value == nullptr ? std::string() : std::string(value);
  };
}

/// A tunnel through the proxy to the server.
Result<> open_tunnel(Stream& stream, const Url& url, const Proxy& proxy) {
  std::string head = fmt::format(
      "CONNECT {0}:{1} HTTP/1.1\r\nHost: {0}:{1}\r\n",
      url.host.find(':') == std::string::npos ? url.host : "[" + url.host + "]", url.port);
  if (!proxy.authorization.empty()) {
    head += fmt::format("Proxy-Authorization: {}\r\n", proxy.authorization);
  }
  TRY(stream.write(head + "\r\n"));
  TRY_ASSIGN(const Response response, receive_head(stream));
  if (response.is_ok()) return {};
  return fail(response.status >= 500 ? ErrorCode::kUnavailable : ErrorCode::kDenied,
              fmt::format("the proxy {}:{} answered {} {} for {}", proxy.host, proxy.port,
                          response.status, response.reason, url.authority()));
}

Result<Connected> connect(const Url& url, const std::optional<Proxy>& proxy,
                          const ClientOptions& options) {
  if (proxy.has_value()) return connect_tcp(proxy->host, proxy->port, options.waits);
  return connect_tcp(url.host, url.port, options.waits, options.reach);
}

}  // namespace

Result<Response> exchange(const Request& request, const ClientOptions& options, BodyTaker* taker) {
  const Url& url = request.url;
  TRY_ASSIGN(const std::optional<Proxy> proxy,
             find_proxy(url, options.environment ? options.environment : own_environment()));
  const bool forwards = proxy.has_value() && !url.is_tls();
  // What cannot be sent is no reason to connect.
  for (const Header& header : request.headers) TRY(check_header(header));
  TRY_ASSIGN(Connected connected, connect(url, proxy, options));
  std::unique_ptr<Stream> stream = std::move(connected.stream);
  if (url.is_tls()) {
    if (proxy.has_value()) TRY(open_tunnel(*stream, url, *proxy));
    TRY_ASSIGN(stream, start_tls(std::move(stream), url.host, options.ca_file));
  }
  ExchangeOptions told;
  told.answer_bytes_max = options.answer_bytes_max;
  if (forwards) told.target = url.text();
  if (forwards) told.proxy_authorization = proxy->authorization;
  Result<Response> response = exchange_on(*stream, request, told, taker);
  if (response.has_value()) response->from_public = proxy.has_value() || connected.is_public;
  return response;
}

}  // namespace cordyna::http
