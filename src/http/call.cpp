#include "http/call.hpp"

#include <fmt/format.h>

#include <chrono>
#include <optional>
#include <utility>

#include "base/words.hpp"
#include "http/deadline.hpp"
#include "http/redirect.hpp"
#include "http/tries.hpp"

namespace cordyna::http {
namespace {

Millis time_of_day() {
  return std::chrono::duration_cast<std::chrono::milliseconds>(
             std::chrono::system_clock::now().time_since_epoch())
      .count();
}

/// Hands on the bodies of accepted answers alone: a refusal's says why, and a redirect's nothing.
class AcceptedBody final : public BodyTaker {
 public:
  AcceptedBody(BodyTaker& taker, const StatusRanges& accepted)
      : taker_(taker), accepted_(accepted) {}

  [[nodiscard]] bool wants(const Response& head) const override {
    return holds(accepted_, head.status);
  }
  Result<> begin(const Response& head) override { return taker_.begin(head); }
  Result<> take(std::string_view piece) override { return taker_.take(piece); }

 private:
  BodyTaker& taker_;
  const StatusRanges& accepted_;
};

void drop_body(Request& request) {
  request.method = "GET";
  request.body.clear();
  request.body_file.clear();
  std::erase_if(request.headers, [](const Header& header) {
    return ascii_lower(header.name).starts_with("content-");
  });
}

class Caller {
 public:
  explicit Caller(const CallSpec& spec) : spec_(spec), last_(spec.request.url) {}

  std::expected<Called, CallFailure> run() {
    const Deadline deadline(spec_.client.waits.cancel_fd, spec_.limit);
    auto response = attempt(deadline);
    if (response.has_value()) return Called{*std::move(response), std::move(last_)};
    CallFailure failure{std::move(response.error()), status_, retry_after_};
    if (failure.error.code == ErrorCode::kCancelled && deadline.is_over()) {
      failure.error = {ErrorCode::kUnavailable,
                       fmt::format("no whole answer within {}", format_delay(spec_.limit))};
    }
    if (status_ == 0) failure.error.message = last_.shown() + ": " + failure.error.message;
    return std::unexpected(std::move(failure));
  }

 private:
  Result<Response> attempt(const Deadline& deadline) {
    Request request = spec_.request;
    ClientOptions client = spec_.client;
    TRY_ASSIGN(client.waits.cancel_fd, deadline.descriptor());
    std::optional<AcceptedBody> body;
    if (spec_.taker != nullptr) body.emplace(*spec_.taker, spec_.accepted);
    bool at_home = true;  // for good: who knows why a stranger sends us back
    for (int redirects = 0; redirects <= kRedirectsMax; ++redirects) {
      if (at_home && spec_.prepare) spec_.prepare(request);
      TRY_ASSIGN(Response response, exchange(request, client, body.has_value() ? &*body : nullptr));
      if (holds(spec_.accepted, response.status)) return response;
      if (!spec_.follows) return refused(response);
      TRY_ASSIGN(std::optional<Url> url, redirect_of(request, response));
      if (!url.has_value()) return refused(response);
      const bool posted = request.method == "POST" && response.status <= 302;
      if (response.status == 303 ? request.method != "HEAD" : posted) drop_body(request);
      at_home = at_home && url->same_origin(spec_.request.url);
      if (!at_home && !(request.body.empty() && request.body_file.empty())) {
        return fail(ErrorCode::kDenied,
                    fmt::format("the server redirects to {}, another origin, which does not get "
                                "the body",
                                url->shown()));
      }
      follow(request, *std::move(url), spec_.request.url, response, client.reach);
      last_ = request.url;
    }
    return std::unexpected<Error>(too_many_redirects(last_));
  }

  std::unexpected<Error> refused(const Response& response) {
    status_ = response.status;
    retry_after_ = retry_after(response, time_of_day());
    return std::unexpected<Error>(status_error(response, last_.shown()));
  }

  const CallSpec& spec_;
  Url last_;
  int status_ = 0;
  Millis retry_after_ = -1;
};

}  // namespace

std::expected<Called, CallFailure> call(const CallSpec& spec) {
  return Caller(spec).run();
}

}  // namespace cordyna::http
