#include "process/http/http_step.hpp"

#include <fmt/format.h>
#include <poll.h>

#include <cerrno>
#include <chrono>
#include <utility>

#include "base/text.hpp"
#include "http/call.hpp"
#include "http/tries.hpp"
#include "http/webhook.hpp"
#include "model/task_error.hpp"
#include "process/http/answer.hpp"
#include "process/http/step_file.hpp"
#include "step/step_process.hpp"

namespace cordyna::web {
namespace {

using Clock = std::chrono::steady_clock;
using step::kCancelledCode;
using step::say;
using step::variable;

TaskErrorCode code_of(ErrorCode code) {
  switch (code) {
    case ErrorCode::kUnavailable: return TaskErrorCode::kSourceUnavailable;
    case ErrorCode::kNoSpace: return TaskErrorCode::kNoSpace;
    case ErrorCode::kNotFound: return TaskErrorCode::kRemoteNotFound;
    case ErrorCode::kDenied: return TaskErrorCode::kAccessDenied;
    case ErrorCode::kInvalidArgument: return TaskErrorCode::kRemoteRefused;
    case ErrorCode::kUntrusted: return TaskErrorCode::kRemoteUntrusted;
    case ErrorCode::kCancelled:
    case ErrorCode::kConflict:
    case ErrorCode::kCorrupt:
    case ErrorCode::kInternal: break;
  }
  return TaskErrorCode::kInternal;
}

http::Reach reach_of(HostBy host_by) {
  return host_by == HostBy::kValue ? http::Reach::kPublic : http::Reach::kNoLinkLocal;
}

class HttpCall {
 public:
  HttpCall(HttpStep step, StepSecrets secrets, http::Request request)
      : step_(std::move(step)),
        secrets_(std::move(secrets)),
        request_(std::move(request)),
        body_(variable("DYNA_ARTIFACTS"), step_.bytes_max) {}

  int run() {
    shown_ = secrets_.hide(request_.url.shown());
    say(fmt::format("{} {}", step_.method, shown_));
    http::CallSpec spec;
    spec.request = request_;
    spec.client.waits = {step_.connect, step_.idle, end_fd_};
    spec.client.reach = reach_of(step_.host_by);
    spec.limit = step_.limit;
    spec.accepted = step_.accepted;
    spec.follows = step_.follows;
    spec.taker = &body_;
    if (!secrets_.sign.empty()) {
      spec.prepare = [this](http::Request& request) { sign_request(request); };
    }
    const auto called = http::call(spec);
    if (!called.has_value()) return fail_with(called.error());
    tell(*called);
    auto outputs = outputs_of(called->response, body_, secrets_);
    if (!outputs.has_value()) return fail_with({std::move(outputs.error())});
    if (!outputs->said.empty()) say(outputs->said);
    const Result<> told = step::write_report(fmt::format(R"({{"outputs":{}}})", outputs->json));
    return told.has_value() ? 0 : fail_with({told.error()});
  }

 private:
  void sign_request(http::Request& request) const {
    const auto key = http::webhook_key(secrets_.sign);  // request_of has looked at it
    const auto now = std::chrono::system_clock::now().time_since_epoch();
    http::sign_webhook(request, step_.id,
                       std::chrono::duration_cast<std::chrono::seconds>(now).count(),
                       key.value_or(""));
  }

  void tell(const http::Called& called) const {
    const std::string from = secrets_.hide(called.url.shown());
    say(fmt::format("{} {}, {} bytes in {}{}", called.response.status,
                    secrets_.hide(called.response.reason), grouped(body_.bytes()),
                    format_delay(elapsed()), from == shown_ ? "" : ", redirected to " + from));
  }

  [[nodiscard]] Millis elapsed() const {
    return std::chrono::duration_cast<std::chrono::milliseconds>(Clock::now() - begun_).count();
  }

  int fail_with(const http::CallFailure& failure) const {
    if (failure.error.code == ErrorCode::kCancelled) return kCancelledCode;
    TaskErrorCode code = code_of(failure.error.code);
    std::string message = secrets_.hide(failure.error.message);
    if (failure.error.code == ErrorCode::kDenied && failure.status == 0 &&
        step_.host_by == HostBy::kValue) {
      message +=
          "; a value chose this host: with allow_private: true it may be one of a private "
          "network";
    }
    if (failure.retry_after > http::kRetryAfterMax) {
      // Before that time is over no attempt can help, and so long nobody waits.
      code = TaskErrorCode::kRemoteRefused;
      message +=
          fmt::format("; it wants to be left alone for {}", format_delay(failure.retry_after));
    }
    const int result = step::report_error(make_task_error(code, Phase::kRun, message));
    const bool waits = code == TaskErrorCode::kSourceUnavailable && step_.may_repeat;
    return waits && failure.retry_after > 0 ? wait(failure.retry_after, result) : result;
  }

  /// So that the next attempt comes no sooner than the server wants it.
  [[nodiscard]] int wait(Millis delay, int result) const {
    say(fmt::format("the server wants to be left alone for {} (Retry-After): waiting",
                    format_delay(delay)));
    const auto end = Clock::now() + std::chrono::milliseconds(delay);
    while (true) {
      const auto left = std::chrono::ceil<std::chrono::milliseconds>(end - Clock::now()).count();
      if (left <= 0) return result;
      pollfd cancel{end_fd_, POLLIN, 0};
      const int n = ::poll(&cancel, 1, static_cast<int>(left));
      if (n > 0) return kCancelledCode;
      if (n < 0 && errno != EINTR) return result;
    }
  }

  HttpStep step_;
  StepSecrets secrets_;
  http::Request request_;
  AnswerBody body_;
  std::string shown_;
  int end_fd_ = step::end_descriptor();
  Clock::time_point begun_ = Clock::now();
};

Result<int> run_step(const std::string& path) {
  TRY_ASSIGN(const std::string text, step::read_whole(path));
  TRY_ASSIGN(HttpStep step, parse_step(text));
  TRY_ASSIGN(StepSecrets secrets, parse_secrets(variable(kSecretsVariable)));
  TRY_ASSIGN(http::Request request, request_of(step, secrets));
  return HttpCall(std::move(step), std::move(secrets), std::move(request)).run();
}

}  // namespace

int http_step_main(const std::string& path) {
  const auto code = run_step(path);
  if (code.has_value()) return *code;
  return step::report_error(
      make_task_error(TaskErrorCode::kInternal, Phase::kInfra, code.error().message));
}

}  // namespace cordyna::web
