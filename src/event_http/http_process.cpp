#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "base/hash.hpp"
#include "base/status_range.hpp"
#include "base/text.hpp"
#include "cordyna/errors.hpp"
#include "cordyna/event.hpp"
#include "cordyna/http.hpp"
#include "event_http/context.hpp"
#include "http/call.hpp"
#include "http/end_signal.hpp"
#include "http/tries.hpp"
#include "http/webhook.hpp"

namespace cordyna {
namespace event_http {
namespace {

using SteadyClock = std::chrono::steady_clock;

constexpr int kAttemptsMax = 100;
constexpr std::size_t kSaidMax = 20;  // lines of what went on

std::unexpected<Error> bad_option(std::string_view option, std::string_view what) {
  return fail(ErrorCode::kInvalidArgument, fmt::format("{}: {}", option, what));
}

Result<> check_headers(const std::map<std::string, std::string>& headers) {
  for (const auto& [name, value] : headers) {
    const std::string option = fmt::format("headers.{}", printable(name));
    auto good = http::check_header({name, value});
    if (!good.has_value()) return fail(option, std::move(good.error()));
    if (http::is_own_header(name)) {
      return bad_option(option, "it is written by Cordyna itself");
    }
  }
  return {};
}

Result<> check_method(std::string_view method) {
  const bool is_token = !method.empty() && std::ranges::all_of(method, [](char c) {
    return (c >= 'A' && c <= 'Z') || c == '-';
  });
  if (is_token && method != "CONNECT") return {};
  return bad_option("method", fmt::format("'{}' is none that sends an event: POST is, PUT, PATCH",
                                          fit(printable(method), 40)));
}

Result<> check_times(const HttpOptions& options) {
  if (options.timeout.count() <= 0) return bad_option("timeout", "more than 0 is wanted");
  if (options.connect_timeout.count() <= 0) {
    return bad_option("connect_timeout", "more than 0 is wanted");
  }
  if (options.retry_wait.count() < 0) return bad_option("retry_wait", "it is negative");
  if (options.attempts < 1 || options.attempts > kAttemptsMax) {
    return bad_option("attempts", fmt::format("1 to {} are wanted", kAttemptsMax));
  }
  return {};
}

/// What all calls have in common.
struct CallPlan {
  http::CallSpec spec;
  std::string key;  ///< of signatures; empty: there are none
};

Result<CallPlan> plan_of(const HttpOptions& options) {
  CallPlan plan;
  http::CallSpec& spec = plan.spec;
  TRY(check_method(options.method));
  TRY(check_headers(options.headers));
  TRY(check_times(options));
  auto url = http::parse_url(options.url);
  if (!url.has_value()) return fail("url", std::move(url.error()));
  spec.request.url = *std::move(url);
  spec.request.method = options.method;
  for (const auto& [name, value] : options.headers) spec.request.headers.push_back({name, value});
  if (http::find_header(spec.request.headers, "Content-Type") == nullptr) {
    spec.request.headers.push_back({"Content-Type", "application/json"});
  }
  auto accepted = parse_status_ranges(options.accept_status);
  if (!accepted.has_value()) return fail("accept_status", std::move(accepted.error()));
  spec.accepted = *std::move(accepted);
  if (!options.secret.empty()) {
    auto key = http::webhook_key(options.secret);
    if (!key.has_value()) return fail("secret", std::move(key.error()));
    plan.key = *std::move(key);
  }
  spec.client.waits.connect = options.connect_timeout.count();
  spec.client.waits.idle = options.timeout.count();
  spec.client.ca_file = options.ca_file;
  spec.client.reach = http::Reach::kNoLinkLocal;
  spec.limit = options.timeout.count();
  spec.follows = options.follow_redirects;
  return plan;
}

/// What was said on the way, as the detail of an error.
Error with_logs(Error error, std::vector<std::string> said) {
  auto detail = std::make_shared<ErrorDetail>();
  detail->logs = std::move(said);
  error.detail = std::move(detail);
  return error;
}

class HttpProcess final : public Process {
 public:
  HttpProcess(std::string id, CallPlan plan, const HttpOptions& options)
      : Process(std::move(id)),
        plan_(std::move(plan)),
        attempts_(options.attempts),
        retry_wait_(options.retry_wait.count()) {}

  Result<ProcessStatus> run(std::stop_token stop, const Event& event) override {
    const http::EndSignal signal(stop, std::chrono::milliseconds(0));
    const auto end_fd = signal.descriptor();
    if (!end_fd.has_value()) return fail(context(), end_fd.error());
    http::CallSpec spec = plan_.spec;
    spec.client.waits.cancel_fd = *end_fd;
    spec.request.body = to_json(event);
    name_and_sign(spec, event);

    std::vector<std::string> said;
    http::TryOptions options;
    options.attempts = attempts_;
    options.delay = retry_wait_;
    options.client.waits = spec.client.waits;
    options.say = [&said](std::string_view line) {
      if (said.size() < kSaidMax) said.push_back(printable(line));
    };
    http::Tries tries(options, spec.request.url.shown());
    while (true) {
      const auto begun = SteadyClock::now();
      auto called = http::call(spec);
      if (called.has_value()) {
        const auto took =
            std::chrono::duration_cast<std::chrono::milliseconds>(SteadyClock::now() - begun);
        said.push_back(printable(fmt::format("{} {}: {} {}, in {}", spec.request.method,
                                             called->url.shown(), called->response.status,
                                             called->response.reason, format_delay(took.count()))));
        return ProcessStatus{.logs = std::move(said), .status = ExitStatus::kSuccess};
      }
      auto next = tries.next(std::move(called.error().error), called.error().retry_after);
      if (next.has_value()) continue;
      next.error().message = fmt::format("{}: {}", context(), printable(next.error().message));
      return fail(with_logs(std::move(next.error()), std::move(said)));
    }
  }

 private:
  [[nodiscard]] std::string context() const { return fmt::format("process '{}'", printable(id())); }

  /// The same for each repeat of the event. One without a key, which no orchestrator gives, has its
  /// content for a name.
  void name_and_sign(http::CallSpec& spec, const Event& event) const {
    const std::string id = event.key.empty() ? fmt::format("{:016x}", fnv1a(spec.request.body))
                           : event.trigger.empty()
                               ? http::message_id(event.key)
                               : http::message_id(fmt::format("{}/{}", event.trigger, event.key));
    if (http::find_header(spec.request.headers, "Idempotency-Key") == nullptr) {
      spec.request.headers.push_back({"Idempotency-Key", id});
    }
    if (plan_.key.empty()) return;
    spec.prepare = [id, this](http::Request& request) {
      const auto now = std::chrono::system_clock::now().time_since_epoch();
      http::sign_webhook(request, id, std::chrono::duration_cast<std::chrono::seconds>(now).count(),
                         plan_.key);
    };
  }

  CallPlan plan_;
  int attempts_;
  Millis retry_wait_;
};

}  // namespace
}  // namespace event_http

Result<std::unique_ptr<Process>> http_process(std::string id, HttpOptions options) {
  const std::string context = fmt::format("process '{}'", printable(id));
  if (options.url.empty()) {
    return fail(ErrorCode::kInvalidArgument,
                context +
                    ": missing \"url\": it says where each event is sent, as "
                    "https://api.example/hooks");
  }
  auto plan = event_http::plan_of(options);
  if (!plan.has_value()) return fail(context, std::move(plan.error()));
  return std::make_unique<event_http::HttpProcess>(std::move(id), *std::move(plan), options);
}

Result<std::unique_ptr<Process>> make_http_process(const ProcessConfig& config) {
  TRY_ASSIGN(HttpOptions options, event_http::options_of(config));
  return http_process(config.name, std::move(options));
}

}  // namespace cordyna
