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

/// A connection with what requests over it must say.
struct Line {
  std::unique_ptr<Stream> stream;
  std::optional<Proxy> proxy;
  bool is_public = false;
};

Result<Line> open_line(const Url& url, const ClientOptions& options) {
  Line line;
  TRY_ASSIGN(line.proxy,
             find_proxy(url, options.environment ? options.environment : own_environment()));
  TRY_ASSIGN(Connected connected, connect(url, line.proxy, options));
  line.stream = std::move(connected.stream);
  line.is_public = line.proxy.has_value() || connected.is_public;
  if (!url.is_tls()) return line;
  if (line.proxy.has_value()) TRY(open_tunnel(*line.stream, url, *line.proxy));
  TlsOptions tls = options.tls;
  if (!options.ca_file.empty()) tls.ca_file = options.ca_file;
  TRY_ASSIGN(line.stream, start_tls(std::move(line.stream), url.host, tls));
  return line;
}

Result<Response> ask(Line& line, const Request& request, const ClientOptions& options,
                     BodyTaker* taker, bool* stays) {
  ExchangeOptions told;
  told.answer_bytes_max = options.answer_bytes_max;
  told.stays = stays;
  if (line.proxy.has_value() && !request.url.is_tls()) {
    told.target = request.url.text();
    told.proxy_authorization = line.proxy->authorization;
  }
  Result<Response> response = exchange_on(*line.stream, request, told, taker);
  if (response.has_value()) response->from_public = line.is_public;
  return response;
}

/// Whether anything of an answer has come: then the request is not sent again.
class Watched final : public BodyTaker {
 public:
  explicit Watched(BodyTaker* taker) : taker_(taker) {}
  [[nodiscard]] bool wants(const Response& head) const override {
    began_ = true;
    return taker_ != nullptr && taker_->wants(head);
  }
  Result<> begin(const Response& head) override { return taker_->begin(head); }
  Result<> take(std::string_view piece) override { return taker_->take(piece); }
  [[nodiscard]] bool began() const { return began_; }

 private:
  BodyTaker* taker_;
  mutable bool began_ = false;
};

}  // namespace

Result<Response> exchange(const Request& request, const ClientOptions& options, BodyTaker* taker) {
  // What cannot be sent is no reason to connect.
  for (const Header& header : request.headers) TRY(check_header(header));
  TRY_ASSIGN(Line line, open_line(request.url, options));
  return ask(line, request, options, taker, nullptr);
}

struct Session::Open {
  Line line;
  Url url;
  Waits waits;

  /// Whether a request may go over it: what it waits for was said when it was made.
  [[nodiscard]] bool fits(const Request& request, const Waits& wanted) const {
    return url.same_origin(request.url) && waits.idle == wanted.idle &&
           waits.cancel_fd == wanted.cancel_fd;
  }
};

Session::Session() = default;
Session::~Session() = default;
Session::Session(Session&&) noexcept = default;
Session& Session::operator=(Session&&) noexcept = default;

void Session::close() {
  open_.reset();
}

Result<Response> Session::send(const Request& request, const ClientOptions& options,
                               BodyTaker* taker) {
  for (const Header& header : request.headers) TRY(check_header(header));
  if (open_ != nullptr && !open_->fits(request, options.waits)) close();
  for (bool fresh = false;;) {
    if (open_ == nullptr) {
      fresh = true;
      TRY_ASSIGN(Line line, open_line(request.url, options));
      open_ = std::make_unique<Open>(Open{std::move(line), request.url, options.waits});
    }
    Watched watched(taker);
    bool stays = false;
    Result<Response> response = ask(open_->line, request, options, &watched, &stays);
    if (!response.has_value() || !stays) close();
    if (response.has_value() || fresh || watched.began() ||
        response.error().code != ErrorCode::kUnavailable) {
      return response;
    }
  }
}

}  // namespace cordyna::http
