#include "kubernetes/api.hpp"

#include <fmt/format.h>

#include <boost/json.hpp>
#include <chrono>
#include <utility>

#include "base/percent.hpp"
#include "base/text.hpp"
#include "http/tries.hpp"
#include "kubernetes/json_field.hpp"

namespace cordyna::kubernetes {
namespace {

namespace json = boost::json;

constexpr Millis kConnectWait = 10'000;
constexpr Millis kAnswerWait = 60'000;
constexpr Millis kWatchSilence = 150'000;  // the cluster says each minute that it is there
constexpr int kWatchSeconds = 240;
constexpr int kPage = 100;
constexpr std::size_t kAnswerMax = std::size_t{32} << 20;
constexpr std::size_t kLineMax = std::size_t{8} << 20;  // of a watch: an object is 1.5 MiB at most

Millis wall_now() {
  return std::chrono::duration_cast<std::chrono::milliseconds>(
             std::chrono::system_clock::now().time_since_epoch())
      .count();
}

std::string path_of(const Which& which, const std::string& name = {}) {
  std::string path =
      fmt::format("{}/namespaces/{}/{}", which.group, percent_encode(which.ns), which.kind);
  if (!name.empty()) path += "/" + percent_encode(name);
  return path;
}

Fault fault_of(int status) {
  switch (status) {
    case 401: return Fault::kUnknown;
    case 403: return Fault::kForbidden;
    case 404: return Fault::kNotFound;
    case 409: return Fault::kConflict;
    case 410: return Fault::kGone;
    case 429: return Fault::kBusy;
    default: return status >= 400 && status < 500 ? Fault::kInvalid : Fault::kBroken;
  }
}

Fault fault_of(ErrorCode code) {
  switch (code) {
    case ErrorCode::kUntrusted: return Fault::kUntrusted;
    case ErrorCode::kCancelled: return Fault::kCancelled;
    case ErrorCode::kDenied:
    case ErrorCode::kNotFound:
    case ErrorCode::kInvalidArgument: return Fault::kNobody;
    default: return Fault::kAway;
  }
}

json::value parsed(std::string_view text) {
  boost::system::error_code problem;
  json::value value = json::parse({text.data(), text.size()}, problem);
  return problem.failed() ? json::value() : value;
}

/// What the cluster says of a refusal: the message of a Status.
ApiError refusal(const http::Response& response, const std::string& context) {
  std::string words = text_at(parsed(response.body), {"message"});
  if (words.empty()) words = response.body.substr(0, 300);
  while (words.ends_with('\n')) words.pop_back();
  return {fault_of(response.status),
          fmt::format("the cluster {} answered {}{}{}", context, response.status,
                      words.empty() ? "" : ": ", printable(words.substr(0, 1000))),
          http::retry_after(response, wall_now())};
}

ApiError nonsense(const std::string& context, std::string_view what) {
  return {Fault::kBroken,
          fmt::format("the answer of the cluster {} makes no sense: {}", context, what)};
}

/// Lines out of the pieces of a body.
class Lines final : public http::BodyTaker {
 public:
  explicit Lines(std::function<Result<>(std::string_view line)> take) : take_(std::move(take)) {}
  Result<> begin(const http::Response&) override { return {}; }
  Result<> take(std::string_view piece) override {
    for (std::size_t end = piece.find('\n'); end != std::string_view::npos;
         end = piece.find('\n')) {
      pending_ += piece.substr(0, end);
      piece.remove_prefix(end + 1);
      const std::string line = std::exchange(pending_, {});
      TRY(take_(line));
    }
    pending_ += piece;
    if (pending_.size() <= kLineMax) return {};
    return fail(ErrorCode::kCorrupt, "a line is longer than 8 MiB");
  }
  /// What has no line break behind it.
  [[nodiscard]] const std::string& rest() const { return pending_; }

 private:
  std::function<Result<>(std::string_view)> take_;
  std::string pending_;
};

}  // namespace

struct Api::Call {
  std::string method = "GET";
  std::string target;
  std::string body{};
  std::string content_type = "application/json";
  Millis silence = kAnswerWait;
  http::BodyTaker* taker = nullptr;
};

Which jobs_of(std::string ns, std::string selector) {
  return {"/apis/batch/v1", "jobs", std::move(ns), std::move(selector)};
}
Which pods_of(std::string ns, std::string selector) {
  return {"/api/v1", "pods", std::move(ns), std::move(selector)};
}
Which secrets_of(std::string ns) {
  return {"/api/v1", "secrets", std::move(ns), {}};
}

Api::Api(Credentials& credentials, int cancel_fd)
    : credentials_(credentials), cancel_fd_(cancel_fd) {}

void Api::cancel_by(int fd) {
  if (fd == cancel_fd_) return;
  cancel_fd_ = fd;
  session_.close();
}

Answered<http::Response> Api::send_as(const Call& call, const Shown& shown) {
  const Access& access = credentials_.access();
  // A connection with a certificate shows who it is but once.
  if (shown.number != shown_) session_.close();
  shown_ = shown.number;
  auto url = http::parse_url(access.server + call.target);
  if (!url.has_value()) return std::unexpected(ApiError{Fault::kInvalid, url.error().message});
  http::Request request;
  request.method = call.method;
  request.url = *std::move(url);
  request.body = call.body;
  request.headers.push_back({"Accept", "application/json"});
  if (!call.body.empty()) request.headers.push_back({"Content-Type", call.content_type});
  if (!shown.token.empty()) request.headers.push_back({"Authorization", "Bearer " + shown.token});
  http::ClientOptions options;
  options.waits = {kConnectWait, call.silence, cancel_fd_};
  options.answer_bytes_max = kAnswerMax;
  options.tls = {{}, access.ca, shown.certificate, shown.key, access.server_name};
  auto response = session_.send(request, options, call.taker);
  if (!response.has_value()) {
    return std::unexpected(
        ApiError{fault_of(response.error().code),
                 fmt::format("the cluster {}: {}", access.context, response.error().message)});
  }
  if (!response->is_ok()) return std::unexpected(refusal(*response, access.context));
  return *std::move(response);
}

Answered<http::Response> Api::send(const Call& call) {
  for (bool again = false;; again = true) {
    const Result<Shown> shown = credentials_.shown(cancel_fd_);
    if (!shown.has_value()) {
      const bool cancelled = shown.error().code == ErrorCode::kCancelled;
      const bool away = shown.error().code == ErrorCode::kUnavailable;
      return std::unexpected(ApiError{cancelled ? Fault::kCancelled
                                      : away    ? Fault::kAway
                                                : Fault::kNobody,
                                      shown.error().message});
    }
    auto answer = send_as(call, *shown);
    if (answer.has_value() || answer.error().fault != Fault::kUnknown || again ||
        !credentials_.refused(shown->number)) {
      return answer;
    }
  }
}

Answered<std::string> Api::create(const Which& which, std::string_view object) {
  auto answer = send({.method = "POST", .target = path_of(which), .body = std::string(object)});
  if (!answer.has_value()) return std::unexpected(std::move(answer.error()));
  return std::move(answer->body);
}

Answered<std::string> Api::get(const Which& which, const std::string& name) {
  auto answer = send({.target = path_of(which, name)});
  if (!answer.has_value()) return std::unexpected(std::move(answer.error()));
  return std::move(answer->body);
}

Answered<std::string> Api::patch(const Which& which, const std::string& name,
                                 std::string_view change) {
  auto answer = send({.method = "PATCH",
                      .target = path_of(which, name),
                      .body = std::string(change),
                      .content_type = "application/merge-patch+json"});
  if (!answer.has_value()) return std::unexpected(std::move(answer.error()));
  return std::move(answer->body);
}

Answered<> Api::remove(const Which& which, const std::string& name, const std::string& uid,
                       Owned owned, int grace) {
  json::object options{{"kind", "DeleteOptions"},
                       {"apiVersion", "v1"},
                       {"propagationPolicy", owned == Owned::kFirst ? "Foreground" : "Background"}};
  if (!uid.empty()) options["preconditions"] = json::object{{"uid", uid}};
  if (grace >= 0) options["gracePeriodSeconds"] = grace;
  auto answer =
      send({.method = "DELETE", .target = path_of(which, name), .body = json::serialize(options)});
  // Another one of that name is not ours, and ours is gone.
  const bool gone = !answer.has_value() && (answer.error().fault == Fault::kNotFound ||
                                            answer.error().fault == Fault::kConflict);
  if (answer.has_value() || gone) return {};
  return std::unexpected(std::move(answer.error()));
}

Answered<std::string> Api::list(const Which& which, const ObjectSink& object) {
  const std::string& context = credentials_.access().context;
  std::string version;
  std::string next;
  do {
    std::string target = fmt::format("{}?limit={}&labelSelector={}", path_of(which), kPage,
                                     percent_encode(which.selector));
    if (!next.empty()) target += "&continue=" + percent_encode(next);
    auto answer = send({.target = std::move(target)});
    if (!answer.has_value()) return std::unexpected(std::move(answer.error()));
    const json::value page = parsed(answer->body);
    const json::array* const items = list_at(page, {"items"});
    if (items == nullptr) return std::unexpected(nonsense(context, "a list without items"));
    for (const json::value& item : *items) object(item);
    version = text_at(page, {"metadata", "resourceVersion"});
    next = text_at(page, {"metadata", "continue"});
  } while (!next.empty());
  return version;
}

Answered<> Api::watch(const Which& which, std::string& version, const ChangeSink& sink) {
  const std::string& context = credentials_.access().context;
  std::optional<ApiError> told;
  Lines lines([&](std::string_view line) -> Result<> {
    const json::value event = parsed(line);
    const std::string type = text_at(event, {"type"});
    const json::value* const object = value_at(event, {"object"});
    if (type.empty() || object == nullptr) {
      return fail(ErrorCode::kCorrupt, "a change without a type or an object");
    }
    if (type == "ERROR") {
      const auto status = static_cast<int>(number_at(*object, {"code"}).value_or(500));
      told = ApiError{fault_of(status), fmt::format("the watch of the cluster {} ended: {}",
                                                    context, text_at(*object, {"message"}))};
      return fail(ErrorCode::kCorrupt, "it ended");
    }
    const std::string at = text_at(*object, {"metadata", "resourceVersion"});
    if (!at.empty()) version = at;
    if (type != "BOOKMARK") sink(type, *object);
    return {};
  });
  auto answer = send({.target = fmt::format("{}?watch=1&allowWatchBookmarks=true&timeoutSeconds={}"
                                            "&resourceVersion={}&labelSelector={}",
                                            path_of(which), kWatchSeconds, percent_encode(version),
                                            percent_encode(which.selector)),
                      .silence = kWatchSilence,
                      .taker = &lines});
  if (told.has_value()) return std::unexpected(*std::move(told));
  if (!answer.has_value()) return std::unexpected(std::move(answer.error()));
  return {};
}

Answered<> Api::output(const std::string& ns, const std::string& pod, const std::string& container,
                       const std::string& since,
                       const std::function<bool(std::string_view)>& sink) {
  bool enough = false;
  Lines lines([&](std::string_view line) -> Result<> {
    enough = !sink(line);
    return enough ? Result<>(fail(ErrorCode::kCorrupt, "enough")) : Result<>();
  });
  std::string target = fmt::format("{}/log?container={}&timestamps=true", path_of(pods_of(ns), pod),
                                   percent_encode(container));
  if (!since.empty()) target += "&sinceTime=" + percent_encode(since);
  auto answer = send({.target = std::move(target), .taker = &lines});
  if (enough) return {};
  if (!answer.has_value()) return std::unexpected(std::move(answer.error()));
  if (!lines.rest().empty()) (void)sink(lines.rest());
  return {};
}

}  // namespace cordyna::kubernetes
