#include "cordyna/webhook.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <string_view>
#include <utility>

#include "base/text.hpp"
#include "http/url.hpp"
#include "http/webhook.hpp"
#include "input/webhook/body.hpp"
#include "input/webhook/door.hpp"
#include "server/http/listen.hpp"

namespace cordyna {
namespace input {
namespace {

std::unexpected<Error> bad_option(std::string_view option, std::string_view what) {
  return fail(ErrorCode::kInvalidArgument, fmt::format("{}: {}", option, what));
}

class WebhookInput final : public Input {
 public:
  WebhookInput(std::string id, WebhookOptions options, std::shared_ptr<Door> door,
               std::shared_ptr<Place> place)
      : Input(std::move(id), std::move(options.operations)),
        on_listening_(std::move(options.on_listening)),
        door_(std::move(door)),
        place_(std::move(place)) {}
  ~WebhookInput() override { door_->remove(place_->path); }
  WebhookInput(const WebhookInput&) = delete;
  WebhookInput& operator=(const WebhookInput&) = delete;

  Result<> handle(std::stop_token stop, EventSink& sink) override {
    TRY_ASSIGN(const std::uint16_t port, door_->enter());
    const Open open(*this);
    if (on_listening_) on_listening_(port);
    while (true) {
      std::vector<WaitingCall> calls = place_->desk.take(stop);
      if (calls.empty()) return {};
      auto kept = keep(calls, sink);
      if (kept.has_value()) continue;
      if (kept.error().code == ErrorCode::kCancelled) return {};
      return kept;
    }
  }

 private:
  /// While calls are taken; also when something throws.
  class Open {
   public:
    explicit Open(WebhookInput& input) : input_(input) { input_.place_->desk.open(); }
    ~Open() {
      input_.place_->desk.close();
      input_.door_->leave();
    }
    Open(const Open&) = delete;
    Open& operator=(const Open&) = delete;

   private:
    WebhookInput& input_;
  };

  /// Answers each. One that is refused for what it is holds up no other. Errors: of the sink.
  static Result<> keep(std::vector<WaitingCall>& calls, EventSink& sink) {
    std::vector<Event> events;
    events.reserve(calls.size());
    for (WaitingCall& call : calls) events.push_back(std::move(call.event));
    auto sent = sink.send(events, {});
    if (sent.has_value()) {
      for (WaitingCall& call : calls) call.respond({.status = 202});
      return {};
    }
    const bool is_alone = calls.size() == 1;
    for (std::size_t i = 0; i < calls.size(); ++i) {
      const bool goes_on = sent.has_value() || sent.error().code == ErrorCode::kInvalidArgument;
      if (goes_on && !is_alone) sent = sink.send(std::span(&events[i], 1), {});
      if (sent.has_value()) {
        calls[i].respond({.status = 202});
      } else if (sent.error().code == ErrorCode::kInvalidArgument) {
        calls[i].respond(problem_response(400, sent.error().message));
      } else {
        calls[i].respond(problem_response(503, "the event cannot be kept now; try again"));
      }
    }
    if (!sent.has_value() && sent.error().code == ErrorCode::kInvalidArgument) return {};
    return sent;
  }

  std::function<void(std::uint16_t)> on_listening_;
  std::shared_ptr<Door> door_;
  std::shared_ptr<Place> place_;
};

Result<> check_path(std::string_view path) {
  if (path.empty()) return bad_option("path", "it is missing; \"/orders\" is one");
  const bool is_plain =
      std::ranges::all_of(path, [](char c) { return c > ' ' && c < 0x7f && c != '?' && c != '#'; });
  if (path.starts_with('/') && is_plain) return {};
  return bad_option("path",
                    fmt::format("'{}' is none; it begins with \"/\", and has no blank, \"?\", "
                                "\"#\", nor anything beyond ASCII that is not percent-encoded",
                                fit(printable(path), 60)));
}

/// Who may come, from where.
Result<server::HttpSettings> settings_of(const WebhookOptions& options) {
  auto settings = server::parse_listen(options.listen);
  if (!settings.has_value()) {
    return bad_option("listen", fmt::format("'{}': {}", fit(printable(options.listen), 60),
                                            settings.error().message));
  }
  settings->certificate = options.certificate;
  settings->key = options.key;
  if (options.certificate.empty() != options.key.empty()) {
    return bad_option("certificate", "TLS wants both, a certificate and its key");
  }
  if (http::is_loopback(settings->address)) {
    settings->hosts = server::loopback_names(settings->address);
    return *std::move(settings);
  }
  if (options.certificate.empty() && !options.insecure_plaintext) {
    return bad_option("certificate",
                      fmt::format("{} is reached from other machines, and without TLS everybody on "
                                  "the way reads what comes; give certificate and key, or "
                                  "insecure_plaintext where something before it does TLS",
                                  settings->address));
  }
  if (options.secrets.empty() && !options.allow_unsigned) {
    return bad_option("secrets", fmt::format("{} is reached from other machines, and without a "
                                             "secret everybody may send events; give one, or "
                                             "allow_unsigned where something before it checks",
                                             settings->address));
  }
  return *std::move(settings);
}

Result<std::shared_ptr<Place>> place_of(const WebhookOptions& options) {
  TRY(check_path(options.path));
  for (const std::string& secret : options.secrets) {
    auto key = http::webhook_key(secret);
    if (!key.has_value()) return fail("secrets", std::move(key.error()));
  }
  if (options.tolerance.count() <= 0) return bad_option("tolerance", "more than 0 is wanted");
  if (options.body_bytes == 0 || options.body_bytes > kEventBytesMax) {
    return bad_option("body_bytes", fmt::format("1 to {} are wanted", kEventBytesMax));
  }
  auto place = std::make_shared<Place>();
  place->path = options.path;
  place->format = options.format;
  place->secrets = options.secrets;
  place->tolerance = std::chrono::milliseconds(options.tolerance).count();
  place->body_bytes = options.body_bytes;
  return place;
}

Result<std::unique_ptr<Input>> made(std::string id, WebhookOptions options) {
  TRY_ASSIGN(auto place, place_of(options));
  TRY_ASSIGN(server::HttpSettings settings, settings_of(options));
  TRY_ASSIGN(auto door, Door::at(std::move(settings)));
  TRY(door->add(place));
  return std::make_unique<WebhookInput>(std::move(id), std::move(options), std::move(door),
                                        std::move(place));
}

}  // namespace
}  // namespace input

Result<std::unique_ptr<Input>> webhook_input(std::string id, WebhookOptions options) {
  const std::string context = fmt::format("input '{}'", fit(printable(id), 60));
  auto input = input::made(std::move(id), std::move(options));
  if (!input.has_value()) return fail(context, std::move(input.error()));
  return input;
}

Result<std::unique_ptr<Input>> make_webhook_input(const InputConfig& config) {
  constexpr std::string_view kScheme = "http://";
  std::string_view text = config.connection_string;
  if (text.starts_with(kScheme)) text.remove_prefix(kScheme.size());
  const std::size_t slash = text.find('/');
  if (slash == std::string_view::npos) {
    return fail(ErrorCode::kInvalidArgument,
                fmt::format("input '{}': the connection string of a webhook is ADDRESS:PORT/PATH, "
                            "like 127.0.0.1:8080/orders; it has no path",
                            fit(printable(config.name), 60)));
  }
  WebhookOptions options;
  options.listen = text.substr(0, slash);
  options.path = text.substr(slash);
  options.operations = config.operations;
  return webhook_input(config.name, std::move(options));
}

}  // namespace cordyna
