#include "http/exchange.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <memory>
#include <utility>
#include <vector>

#include "base/words.hpp"
#include "http/response_parser.hpp"

namespace cordyna::http {
namespace {

constexpr std::size_t kPieceBytes = std::size_t{256} << 10;

Result<std::string> head_of(const Request& request, const ExchangeOptions& options) {
  const std::string& target = options.target.empty() ? request.url.target : options.target;
  std::string head = fmt::format("{} {} HTTP/1.1\r\nHost: {}\r\n", request.method, target,
                                 request.url.authority());
  const auto add = [&head](std::string_view name, std::string_view value) {
    head += fmt::format("{}: {}\r\n", name, value);
  };
  for (const Header& header : request.headers) {
    TRY(check_header(header));
    add(header.name, header.value);
  }
  const auto preset = [&](std::string_view name, std::string_view value) {
    if (find_header(request.headers, name) == nullptr) add(name, value);
  };
  preset("User-Agent", "cordyna/" CORDYNA_VERSION);
  preset("Accept", "*/*");
  // A body that is packed on the way has neither the length nor the digest of the file.
  preset("Accept-Encoding", "identity");
  add("Connection", options.stays == nullptr ? "close" : "keep-alive");
  if (!options.proxy_authorization.empty()) {
    add("Proxy-Authorization", options.proxy_authorization);
  }
  const std::uint64_t bytes = request.body_file.empty() ? request.body.size() : request.body_bytes;
  if (bytes > 0 || request.method == "PUT" || request.method == "POST") {
    add("Content-Length", std::to_string(bytes));
  }
  return head + "\r\n";
}

/// The answer to one request on a stream.
class Answer {
 public:
  Answer(Stream& stream, BodyTaker* taker, bool no_body, std::size_t bytes_max = kAnswerBytesMax)
      : stream_(stream), taker_(taker), no_body_(no_body), bytes_max_(bytes_max) {}

  Result<Response> receive() {
    constexpr int kInterimMax = 20;
    for (int i = 0; i < kInterimMax; ++i) {
      ResponseParser parser({[this](const Response& head) { return begin(head); },
                             [this](std::string_view piece) { return take(piece); }},
                            no_body_);
      TRY(receive_one(parser));
      if (parser.response().status >= 200) {
        Response response = parser.response();
        response.body = std::move(body_);
        stays_ = parser.is_done() && pending_.empty() &&
                 !same_word(response.header("Connection"), "close");
        return response;
      }
    }
    return fail(ErrorCode::kUnavailable, "the server never came to its answer");
  }

  /// Whether the connection may carry another request.
  [[nodiscard]] bool stays() const { return stays_; }

 private:
  Result<> begin(const Response& head) {
    streams_ = taker_ != nullptr && taker_->wants(head);
    return streams_ ? taker_->begin(head) : Result<>();
  }

  Result<> take(std::string_view piece) {
    if (streams_) return taker_->take(piece);
    body_.append(piece.substr(0, bytes_max_ - std::min(bytes_max_, body_.size())));
    return {};
  }

  /// Enough of an answer that says why not, or that nobody streams.
  [[nodiscard]] bool is_enough() const { return !streams_ && body_.size() >= bytes_max_; }

  Result<> receive_one(ResponseParser& parser) {
    std::vector<char> piece(kPieceBytes);
    while (!parser.is_done() && !is_enough()) {
      if (!pending_.empty()) {
        TRY_ASSIGN(const std::size_t used, parser.feed(pending_));
        pending_.erase(0, used);
        if (used > 0) continue;
      }
      const Result<std::size_t> n = stream_.read(piece);
      if (!n.has_value() || *n == 0) {
        const Result<> ended = parser.end();
        // What a refusal says besides its status may be cut short as it likes.
        if (!streams_ && parser.response().status >= 300) return {};
        if (n.has_value()) return ended;
        if (n.error().code != ErrorCode::kUnavailable || ended.has_value()) {
          return std::unexpected<Error>(n.error());
        }
        if (parser.response().status == 0) return std::unexpected<Error>(n.error());
        return fail(ErrorCode::kUnavailable, ended.error().message + ": " + n.error().message);
      }
      pending_.append(piece.data(), *n);
    }
    return {};
  }

  Stream& stream_;
  BodyTaker* taker_;
  bool no_body_;
  std::size_t bytes_max_;
  bool streams_ = false;
  bool stays_ = false;
  std::string body_;
  std::string pending_;  ///< read, and not parsed yet
};

Result<> send_file(Stream& stream, const Request& request) {
  const int fd = open(request.body_file.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0) {
    return fail(ErrorCode::kInternal,
                fmt::format("cannot read {}: {}", request.body_file, std::strerror(errno)));
  }
  std::vector<char> piece(kPieceBytes);
  std::uint64_t sent = 0;
  Result<> result;
  while (result.has_value() && sent < request.body_bytes) {
    const std::size_t wanted = std::min<std::uint64_t>(piece.size(), request.body_bytes - sent);
    const ssize_t n =
        pread(fd, piece.data(), wanted, static_cast<off_t>(request.body_offset + sent));
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) {
      result =
          fail(ErrorCode::kInternal, fmt::format("{} is shorter than it was", request.body_file));
      break;
    }
    result = stream.write({piece.data(), static_cast<std::size_t>(n)});
    sent += static_cast<std::uint64_t>(n);
  }
  close(fd);
  return result;
}

}  // namespace

Result<Response> receive_head(Stream& stream) {
  return Answer(stream, nullptr, true).receive();
}

Result<Response> exchange_on(Stream& stream, const Request& request, const ExchangeOptions& options,
                             BodyTaker* taker) {
  TRY_ASSIGN(const std::string head, head_of(request, options));
  Result<> sent = stream.write(head + (request.body_file.empty() ? request.body : ""));
  if (sent.has_value() && !request.body_file.empty()) sent = send_file(stream, request);
  if (!sent.has_value() && sent.error().code != ErrorCode::kUnavailable) {
    return std::unexpected<Error>(sent.error());
  }
  // A server that refuses may answer and close before it has read everything.
  Answer answer(stream, taker, request.method == "HEAD", options.answer_bytes_max);
  Result<Response> response = answer.receive();
  if (options.stays != nullptr) *options.stays = sent.has_value() && answer.stays();
  if (!response.has_value() && !sent.has_value()) return std::unexpected<Error>(sent.error());
  return response;
}

Result<Response> exchange_local(const std::string& socket, const Request& request,
                                const Waits& waits, std::size_t answer_bytes_max,
                                BodyTaker* taker) {
  TRY_ASSIGN(const std::unique_ptr<Stream> stream, connect_unix(socket, waits));
  ExchangeOptions options;
  options.answer_bytes_max = answer_bytes_max;
  return exchange_on(*stream, request, options, taker);
}

}  // namespace cordyna::http
