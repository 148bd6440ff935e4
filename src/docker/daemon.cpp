#include "docker/daemon.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <boost/json.hpp>
#include <charconv>
#include <functional>
#include <utility>

#include "base/base64.hpp"
#include "base/text.hpp"
#include "docker/image.hpp"
#include "docker/json_field.hpp"
#include "http/exchange.hpp"

namespace cordyna::docker {
namespace {

namespace json = boost::json;

constexpr std::string_view kScheme = "unix://";
constexpr std::string_view kDefaultSocket = "/var/run/docker.sock";
constexpr Millis kConnectWait = 5'000;
constexpr Millis kAnswerWait = 120'000;  // making a container of a large image takes long
constexpr Millis kPullWait = 600'000;    // without a word of progress
constexpr Millis kForever = Millis{365} * 86'400'000;  // a task may be silent
constexpr std::size_t kAnswerBytesMax = std::size_t{16} << 20;

struct Version {
  int major = 0;
  int minor = 0;
  auto operator<=>(const Version&) const = default;
};

Version parse_version(const std::string& text) {
  Version version;
  const char* const end = text.data() + text.size();
  const auto first = std::from_chars(text.data(), end, version.major);
  if (first.ptr < end) std::from_chars(first.ptr + 1, end, version.minor);
  return version;
}

Result<json::object> object_of(std::string_view body) {
  boost::system::error_code problem;
  json::value value = json::parse({body.data(), body.size()}, problem);
  if (problem.failed() || !value.is_object()) {
    return fail(ErrorCode::kCorrupt, "the Docker daemon's answer is not a JSON object");
  }
  return std::move(value.get_object());
}

const json::object& inner(const json::object& object, std::string_view key) {
  static const json::object none;
  const json::value* value = field(object, key);
  return value == nullptr || !value->is_object() ? none : value->get_object();
}

std::map<std::string, std::string> labels_of(const json::object& object) {
  std::map<std::string, std::string> labels;
  for (const auto& item : inner(object, "Labels")) {
    if (item.value().is_string()) {
      labels.emplace(item.key(), std::string(item.value().get_string()));
    }
  }
  return labels;
}

ListedContainer listed_of(const json::object& object) {
  ListedContainer listed{
      text_field(object, "Id"), {}, text_field(object, "State"), labels_of(object)};
  // Others are of links from other containers, as /other/name.
  const json::value* names = field(object, "Names");
  if (names == nullptr || !names->is_array()) return listed;
  for (const json::value& one : names->get_array()) {
    if (!one.is_string()) continue;
    const std::string_view name = one.get_string();
    if (name.starts_with('/') && name.rfind('/') == 0) listed.name = name.substr(1);
  }
  return listed;
}

/// What the daemon says of a refusal.
std::string words_of(int status, std::string_view body) {
  const auto object = object_of(body);
  std::string message = object.has_value() ? text_field(*object, "message") : std::string();
  if (message.empty()) message = fmt::format("status {}", status);
  return printable(message);
}

ErrorCode code_of(int status) {
  switch (status) {
    case 400: return ErrorCode::kInvalidArgument;
    case 401:
    case 403: return ErrorCode::kDenied;
    case 404: return ErrorCode::kNotFound;
    case 409: return ErrorCode::kConflict;
    default: return ErrorCode::kUnavailable;
  }
}

/// Hands the body on as it comes.
class Pieces final : public http::BodyTaker {
 public:
  explicit Pieces(std::function<Result<>(std::string_view)> take) : take_(std::move(take)) {}
  Result<> begin(const http::Response&) override { return {}; }
  Result<> take(std::string_view piece) override { return take_(piece); }

 private:
  std::function<Result<>(std::string_view)> take_;
};

std::string url_base64(std::string_view text) {
  std::string out = base64(text);
  std::ranges::replace(out, '+', '-');
  std::ranges::replace(out, '/', '_');
  return out;
}

std::string path_of(const std::string& container, std::string_view what) {
  return fmt::format("/containers/{}{}", http::percent_encode(container), what);
}

}  // namespace

struct Daemon::Call {
  std::string method = "GET";
  std::string target;  ///< behind the version
  std::string body;    ///< JSON
  std::string credentials;
  Millis idle = kAnswerWait;
  http::BodyTaker* taker = nullptr;
};

struct Daemon::Answer {
  int status = 0;
  std::string body;
  std::string api_version;  ///< the newest that the daemon speaks
};

Result<std::string> socket_of(std::string_view docker_host) {
  if (docker_host.empty()) return std::string(kDefaultSocket);
  if (docker_host.starts_with(kScheme)) {
    return std::string(docker_host.substr(kScheme.size()));
  }
  return fail(ErrorCode::kInvalidArgument,
              fmt::format("DOCKER_HOST is '{}'; only sockets of this machine can be used, as "
                          "unix:///var/run/docker.sock: what a container mounts lies here",
                          printable(docker_host)));
}

Result<Daemon::Answer> Daemon::send(const Call& call) {
  answered_ = false;
  http::Request request;
  request.method = call.method;
  request.url = {"http", "localhost", 80, version_ + call.target};
  request.body = call.body;
  if (!call.body.empty()) request.headers.push_back({"Content-Type", "application/json"});
  if (!call.credentials.empty()) {
    request.headers.push_back({"X-Registry-Auth", url_base64(call.credentials)});
  }
  auto response = http::exchange_local(socket_, request, {kConnectWait, call.idle, cancel_fd_},
                                       kAnswerBytesMax, call.taker);
  if (!response.has_value()) {
    if (response.error().code != ErrorCode::kUnavailable) return fail(std::move(response.error()));
    return fail("the Docker daemon does not answer", std::move(response.error()));
  }
  answered_ = true;
  std::string api_version = response->header("Api-Version");
  return Answer{response->status, std::move(response->body), std::move(api_version)};
}

Result<> Daemon::agree_on_version() {
  if (!version_.empty()) return {};
  // Not /version, for which some daemons (20.10) run programs each time.
  TRY_ASSIGN(const Answer answer, send({.target = "/_ping"}));
  if (answer.status != 200) {
    return fail(code_of(answer.status),
                "the Docker daemon: " + words_of(answer.status, answer.body));
  }
  const std::string& theirs = answer.api_version;
  if (theirs.empty()) {
    return fail(
        ErrorCode::kUnavailable,
        fmt::format("who answers at {} is no Docker daemon: it has no Api-Version", socket_));
  }
  const Version ours = parse_version(std::string(kApiNewest));
  version_ = parse_version(theirs) < ours ? "/v" + theirs : fmt::format("/v{}", kApiNewest);
  return {};
}

Result<Daemon::Answer> Daemon::must(const Call& call) {
  TRY(agree_on_version());
  TRY_ASSIGN(Answer answer, send(call));
  if (answer.status < 400) return answer;
  std::string words = words_of(answer.status, answer.body);
  if (answer.status == 400 && words.starts_with("client version")) {
    words = fmt::format(
        "the Docker daemon does not speak version {} of its API, the newest that "
        "this program knows: {}",
        kApiNewest, words);
  }
  return fail(code_of(answer.status), std::move(words));
}

Result<bool> Daemon::has_image(const std::string& image) {
  const auto found = must({.target = fmt::format("/images/{}/json", http::percent_encode(image))});
  if (found.has_value()) return true;
  if (found.error().code == ErrorCode::kNotFound) return false;
  return fail(found.error());
}

Result<> Daemon::pull(const std::string& image, const std::string& credentials,
                      const SayLine& say) {
  const ImageName name = split_image(image);
  PullReader reader(say);
  Pieces pieces([&reader](std::string_view piece) -> Result<> {
    reader.feed(piece);
    return {};
  });
  const auto pulled =
      must({.method = "POST",
            .target = fmt::format("/images/create?fromImage={}&tag={}",
                                  http::percent_encode(name.name), http::percent_encode(name.tag)),
            .credentials = credentials,
            .idle = kPullWait,
            .taker = &pieces});
  if (pulled.has_value()) return reader.end();
  return answered_ ? fail(pull_error(pulled.error().message)) : fail(pulled.error());
}

Result<std::string> Daemon::create(const std::string& name, const ContainerSpec& spec) {
  TRY_ASSIGN(const Answer answer,
             must({.method = "POST",
                   .target = "/containers/create?name=" + http::percent_encode(name),
                   .body = to_json(spec)}));
  TRY_ASSIGN(const json::object object, object_of(answer.body));
  return text_field(object, "Id");
}

Result<> Daemon::start(const std::string& container) {
  TRY(must({.method = "POST", .target = path_of(container, "/start")}));
  return {};
}

Result<ContainerState> Daemon::inspect(const std::string& container) {
  TRY_ASSIGN(const Answer answer, must({.target = path_of(container, "/json")}));
  TRY_ASSIGN(const json::object object, object_of(answer.body));
  const json::object& state = inner(object, "State");
  ContainerState out;
  out.id = text_field(object, "Id");
  out.status = text_field(state, "Status");
  out.error = text_field(state, "Error");
  const json::object& config = inner(object, "Config");
  out.labels = labels_of(config);
  if (const json::value* env = field(config, "Env"); env != nullptr && env->is_array()) {
    for (const json::value& one : env->get_array()) {
      if (one.is_string()) out.env.emplace_back(one.get_string());
    }
  }
  if (const json::value* code = field(state, "ExitCode"); code != nullptr && code->is_int64()) {
    out.exit_code = static_cast<int>(code->get_int64());
  }
  const json::value* killed = field(state, "OOMKilled");
  out.out_of_memory = killed != nullptr && killed->is_bool() && killed->get_bool();
  return out;
}

Result<> Daemon::take_output(const std::string& target, bool tty, const OutputSink& sink) {
  FrameReader frames(sink);
  Pieces pieces([&](std::string_view piece) {
    // A terminal has one stream, and its bytes come as they are.
    return tty ? sink(OutputStream::kOut, piece) : frames.feed(piece);
  });
  TRY(must({.target = target, .idle = kForever, .taker = &pieces}));
  return {};
}

Result<> Daemon::follow(const std::string& container, bool tty, const OutputSink& sink) {
  return take_output(path_of(container, "/logs?stdout=1&stderr=1&follow=1"), tty, sink);
}

Result<> Daemon::read_output(const std::string& container, bool tty, const OutputSink& sink) {
  return take_output(path_of(container, "/logs?stdout=1&stderr=1"), tty, sink);
}

Result<> Daemon::wait(const std::string& container, Millis at_most) {
  TRY(must({.method = "POST", .target = path_of(container, "/wait"), .idle = at_most}));
  return {};
}

Result<> Daemon::stop(const std::string& container, int seconds) {
  constexpr Millis kSlack = 5'000;
  const auto stopped = must({.method = "POST",
                             .target = path_of(container, fmt::format("/stop?t={}", seconds)),
                             .idle = Millis{seconds} * 1000 + kSlack});
  if (stopped.has_value() || stopped.error().code == ErrorCode::kNotFound) return {};
  return fail(stopped.error());
}

Result<> Daemon::remove(const std::string& container) {
  const auto removed = must({.method = "DELETE", .target = path_of(container, "?force=1&v=1")});
  // Gone, or about to go by somebody else's call.
  const bool no_need = !removed.has_value() && (removed.error().code == ErrorCode::kConflict ||
                                                removed.error().code == ErrorCode::kNotFound);
  if (removed.has_value() || no_need) return {};
  return fail(removed.error());
}

Result<std::vector<ListedContainer>> Daemon::list(const std::string& label) {
  const std::string filters = json::serialize(json::object{{"label", json::array{label}}});
  TRY_ASSIGN(const Answer answer,
             must({.target = "/containers/json?all=1&filters=" + http::percent_encode(filters)}));
  boost::system::error_code problem;
  const json::value value = json::parse(answer.body, problem);
  if (problem.failed() || !value.is_array()) {
    return fail(ErrorCode::kCorrupt, "the Docker daemon's list of containers is no list");
  }
  std::vector<ListedContainer> listed;
  for (const json::value& item : value.get_array()) {
    if (!item.is_object()) continue;
    listed.push_back(listed_of(item.get_object()));
  }
  return listed;
}

}  // namespace cordyna::docker
