#include "client/api_client.hpp"

#include <fmt/format.h>
#include <poll.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>

#include "base/text.hpp"
#include "client/json_slice.hpp"
#include "http/tries.hpp"

namespace cordyna::client {
namespace {

constexpr std::size_t kAnswerBytesMax = std::size_t{256} << 20;
constexpr Millis kFirstDelay = 200;
constexpr Millis kDelayMax = 5000;
constexpr Millis kConnect = 10'000;
// A write is answered after the commit; a stream says something at least this often or is asked for
// again, which costs one request.
constexpr Millis kIdle = 60'000;

Millis now_by_steady_clock() {
  return std::chrono::duration_cast<std::chrono::milliseconds>(
             std::chrono::steady_clock::now().time_since_epoch())
      .count();
}

/// The body of a stream on its way to who takes it apart.
class StreamTaker final : public http::BodyTaker {
 public:
  StreamTaker(EventStream& stream, const std::function<void()>& opened)
      : stream_(stream), opened_(opened) {}
  Result<> begin(const http::Response& /*head*/) override {
    if (opened_) opened_();
    return {};
  }
  Result<> take(std::string_view piece) override {
    TRY(stream_.feed(piece));
    // Nobody wants more: the only way to end an exchange from here.
    if (stream_.is_over()) return fail(ErrorCode::kCancelled, "enough");
    return {};
  }

 private:
  EventStream& stream_;
  const std::function<void()>& opened_;
};

/// All that the server found wrong, a line each.
std::string flaws_of(const JsonSlice& problem) {
  constexpr std::size_t kShown = 20;
  std::string out;
  const auto flaws = problem.member("errors").items();
  for (std::size_t i = 0; i < std::min(flaws.size(), kShown); ++i) {
    out += fmt::format("\n  {}: {}", flaws[i].text("at"), flaws[i].text("detail"));
  }
  if (flaws.size() > kShown) out += fmt::format("\n  and {} more", flaws.size() - kShown);
  return out;
}

bool may_repeat(const Write& write) {
  return write.method == "GET" || !write.key.empty();
}

}  // namespace

bool wait_for(Millis delay, int cancel_fd) {
  const Millis until = now_by_steady_clock() + delay;
  for (Millis left = delay; left > 0; left = until - now_by_steady_clock()) {
    pollfd cancel{cancel_fd, POLLIN, 0};
    const int n = ::poll(&cancel, 1, static_cast<int>(std::min<Millis>(left, 60'000)));
    if (n > 0 || (n < 0 && errno != EINTR)) return false;
  }
  return true;
}

std::string query_text(const Query& query) {
  std::string out;
  for (const auto& [name, value] : query) {
    if (value.empty()) continue;
    out += fmt::format("{}{}={}", out.empty() ? '?' : '&', name, http::percent_encode(value));
  }
  return out;
}

std::string segment(std::string_view text) {
  return http::percent_encode(text, "@:");
}

std::string flow_path(std::string_view ns, std::string_view id) {
  return fmt::format("/flows/{}/{}", ns.empty() ? "_" : segment(ns), segment(id));
}

std::string ApiClient::shown() const {
  if (server_.name.empty()) return server_.url;
  return fmt::format("{} ({})", server_.name, server_.url);
}

Error ApiClient::context_of(Error error) const {
  error.message = fmt::format("server {}: {}", shown(), error.message);
  if (error.code == ErrorCode::kUntrusted && server_.ca.empty()) {
    error.message +=
        fmt::format("; 'dyna login {} --ca FILE' trusts a CA of your own", server_.url);
  }
  return error;
}

Result<http::Request> ApiClient::request_of(const Write& write) const {
  http::Request request;
  request.method = write.method;
  TRY_ASSIGN(request.url, http::parse_url(server_.url + "/api/v1" + write.path));
  request.headers = write.headers;
  request.headers.push_back({"Accept", "application/json, text/event-stream"});
  if (!server_.token.empty()) {
    request.headers.push_back({"Authorization", "Bearer " + server_.token});
  }
  if (!write.body.empty()) {
    request.headers.push_back({"Content-Type", "application/json"});
    request.body = write.body;
  }
  if (!write.key.empty()) request.headers.push_back({"Idempotency-Key", write.key});
  return request;
}

Result<http::Response> ApiClient::attempt(const http::Request& request,
                                          http::BodyTaker* taker) const {
  http::ClientOptions options;
  options.waits = {kConnect, kIdle, settings_.cancel_fd};
  options.ca_file = server_.ca;
  options.answer_bytes_max = kAnswerBytesMax;
  // This machine itself is behind no proxy.
  if (http::is_loopback(request.url.host)) options.environment = [](const char*) { return ""; };
  return http::exchange(request, options, taker);
}

Error ApiClient::problem_of(const http::Response& response, const Write& write) const {
  const auto parsed = JsonSlice::parse(response.body);
  const bool ours = parsed.has_value() && parsed->member("code").exists();
  const std::string detail = ours ? parsed->text("detail") : std::string();
  const auto error = [this](ErrorCode code, std::string message) {
    return context_of({code, std::move(message)});
  };
  const std::string login = fmt::format("dyna login {}", server_.url);
  if (!ours) {
    return error(
        ErrorCode::kCorrupt,
        fmt::format("it answers {} {}, and not as a server of Cordyna does: is the address "
                    "right?",
                    response.status, response.reason));
  }
  if (response.status == 405 || response.status == 501 ||
      (response.status == 404 && detail == "there is no such address")) {
    return error(
        ErrorCode::kConflict,
        fmt::format("it does not know {} /api/v1{}: it is of another version than this "
                    "dyna ({}); use the same for both",
                    write.method, write.path.substr(0, write.path.find('?')), CORDYNA_VERSION));
  }
  switch (response.status) {
    case 401:
      return error(ErrorCode::kDenied, server_.token.empty()
                                           ? fmt::format("it wants a token: {}", login)
                                           : fmt::format("{}; log in again: {}", detail, login));
    case 403: {
      const std::string who = server_.actor.empty() ? "" : fmt::format(" ({})", server_.actor);
      return error(ErrorCode::kDenied,
                   fmt::format("{}; your token{} does not have it: ask an admin of the server, or "
                               "log in as somebody else",
                               detail, printable(who)));
    }
    case 404: return error(ErrorCode::kNotFound, detail);
    case 409:
    case 412: return error(ErrorCode::kConflict, detail);
    default: break;
  }
  const bool passing = http::is_passing(response.status);
  return error(passing ? ErrorCode::kUnavailable : ErrorCode::kInvalidArgument,
               detail + flaws_of(*parsed));
}

Result<http::Response> ApiClient::exchange(const Write& write) const {
  TRY_ASSIGN(const http::Request request, request_of(write));
  const Millis begun = now_by_steady_clock();
  Millis waited = 0;
  for (Millis delay = kFirstDelay;; delay = std::min(2 * delay, kDelayMax)) {
    auto response = attempt(request, nullptr);
    Millis wait = delay;
    std::optional<Error> error;
    if (!response.has_value()) {
      error = context_of(response.error());
      const bool again = error->code == ErrorCode::kUnavailable && may_repeat(write);
      if (!again || now_by_steady_clock() - begun + wait > settings_.patience) {
        return std::unexpected<Error>(std::move(*error));
      }
    } else if (!response->is_ok()) {
      error = problem_of(*response, write);
      // 429: nothing was done, so that it can be asked again whatever it was.
      const bool again = response->status == 429 || (response->status == 503 && may_repeat(write));
      if (!again) return std::unexpected<Error>(std::move(*error));
      wait = std::max(delay, http::retry_after(*response, 0));
      if (waited + wait > settings_.wait_max) {
        error->message += "; it still refused after waiting for " + format_delay(waited);
        return std::unexpected<Error>(std::move(*error));
      }
      waited += wait;
    } else {
      return response;
    }
    if (!wait_for(wait, settings_.cancel_fd)) return fail(ErrorCode::kCancelled, "asked to end");
  }
}

Result<std::string> ApiClient::get(const std::string& path, const Query& query) const {
  Write read;
  read.method = "GET";
  std::string more = query_text(query);
  if (path.contains('?') && !more.empty()) more.front() = '&';
  read.path = path + more;
  return send(read);
}

Result<std::string> ApiClient::send(const Write& write) const {
  TRY_ASSIGN(http::Response response, exchange(write));
  if (response.status == 204) return std::string();
  if (response.body.size() >= kAnswerBytesMax) {
    return std::unexpected<Error>(context_of(
        {ErrorCode::kUnavailable,
         fmt::format("its answer has more than {} MiB; ask for less", kAnswerBytesMax >> 20)}));
  }
  return std::move(response.body);
}

Result<> ApiClient::follow(const std::string& path, const std::string& last_id,
                           const std::function<bool(const Event&)>& take,
                           const std::function<void()>& opened) const {
  Write read;
  read.method = "GET";
  read.path = path;
  if (!last_id.empty()) read.headers.push_back({"Last-Event-ID", last_id});
  TRY_ASSIGN(const http::Request request, request_of(read));
  EventStream stream(take);
  StreamTaker taker(stream, opened);
  const auto response = attempt(request, &taker);
  if (stream.is_over()) return {};
  if (!response.has_value()) return std::unexpected<Error>(context_of(response.error()));
  if (!response->is_ok()) return std::unexpected<Error>(problem_of(*response, read));
  return {};
}

}  // namespace cordyna::client
