#include "server/server.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <future>
#include <utility>

#include "http/url.hpp"
#include "server/api/api.hpp"
#include "server/api/openapi.hpp"
#include "server/auth/identity.hpp"
#include "server/auth/tokens.hpp"
#include "server/http/listen.hpp"

namespace cordyna::server {
namespace {

constexpr std::string_view kFirstUser = "admin";
constexpr Millis kLinkMillis = 3'600'000;

/// A file that its owner alone reads, from its first byte on.
Result<> write_private(const std::string& path, const std::string& text) {
  const std::string draft = path + ".new";
  ::unlink(draft.c_str());
  const int fd = ::open(draft.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
  const auto failed = [&path] {
    return fail(ErrorCode::kUnavailable,
                fmt::format("'{}' cannot be written: {}", path, std::strerror(errno)));
  };
  if (fd < 0) return failed();
  const bool written =
      ::write(fd, text.data(), text.size()) == std::ssize(text) && ::fsync(fd) == 0;
  ::close(fd);
  if (!written || ::rename(draft.c_str(), path.c_str()) != 0) return failed();
  return {};
}

std::string url_of(const HttpSettings& http, std::uint16_t port) {
  const bool v6 = http.address.contains(':');
  return fmt::format("http{}://{}{}{}:{}", http.certificate.empty() ? "" : "s", v6 ? "[" : "",
                     http.address, v6 ? "]" : "", port);
}

TokenRow token_of_admin(const TokenParts& parts, TokenKind kind, Millis now) {
  TokenRow token;
  token.id = parts.id;
  token.kind = kind;
  token.hash = hash_of(parts.secret);
  token.user = kFirstUser;
  token.name = "of the first start";
  token.grants = {{std::string(kEverywhere), Role::kAdmin}};
  token.created_by = "cerebro";
  token.created_at = now;
  return token;
}

}  // namespace

class Server::Impl {
 public:
  Impl(const ServerSettings& settings, ServerParts parts)
      : settings_(settings), parts_(std::move(parts)) {
    parts_.cerebro->subscribe(*hub_);
    parts_.cerebro->subscribe(*waiters_);
    parts_.cerebro->subscribe(needs_);
  }
  ~Impl() {
    if (hooks_ != nullptr) parts_.cerebro->unsubscribe(*hooks_);
    parts_.cerebro->unsubscribe(needs_);
    parts_.cerebro->unsubscribe(*waiters_);
    parts_.cerebro->unsubscribe(*hub_);
  }
  Impl(const Impl&) = delete;
  Impl& operator=(const Impl&) = delete;

  Result<> start() {
    TRY(check(settings_));
    if (http::is_loopback(settings_.http.address) && settings_.http.hosts.empty()) {
      settings_.http.hosts = loopback_names(settings_.http.address);
    }
    if (!settings_.public_url.empty() && !settings_.http.hosts.empty()) {
      TRY_ASSIGN(const http::Url url, http::parse_url(settings_.public_url));
      settings_.http.hosts.push_back(url.host);
    }
    TRY_ASSIGN(reader_, parts_.open_reader());
    TRY_ASSIGN(plan_reader_, parts_.open_reader());
    TRY(identity_->load(*reader_));
    std::string link;
    if (identity_->users().empty()) {
      TRY_ASSIGN(link, make_first_user());
    }
    hooks_ =
        std::make_unique<HookBook>(*reader_, *parts_.flows, *parts_.secret_values, parts_.layout);
    parts_.cerebro->subscribe(*hooks_);
    ApiParts api{.layout = parts_.layout,
                 .clock = parts_.clock,
                 .cerebro = parts_.cerebro,
                 .reader = reader_.get(),
                 .identity = identity_,
                 .hub = hub_,
                 .epoch = random_word(8),
                 .flows = parts_.flows,
                 .plan_reader = plan_reader_.get(),
                 .needs = &needs_,
                 .secrets = parts_.secrets.get(),
                 .evaluator = parts_.evaluator,
                 .hooks = hooks_.get(),
                 .waiters = waiters_,
                 .limits = parts_.limits,
                 .plugin_types = parts_.plugin_types,
                 .inputs = parts_.inputs,
                 .alerts = parts_.alerts,
                 .try_channel = parts_.try_channel,
                 .acknowledge = parts_.acknowledge,
                 .git = parts_.git,
                 .back_up = parts_.back_up};
    // Also where something before this server does TLS: the browser speaks it.
    api.secure_cookies =
        !settings_.http.certificate.empty() || settings_.public_url.starts_with("https://");
    api.files = settings_.files;
    api.task_servers = parts_.task_servers;
    api.http_counts = [this] { return http_->counts(); };
    GateSettings gate;
    gate.body_bytes = settings_.http.limits.body_bytes;
    gate.origin = settings_.public_url;
    gate.cors = settings_.cors;
    gate.failures_per_second = settings_.failures_per_second;
    gate.failures_burst = 4 * settings_.failures_per_second;
    gate.requests_per_second = settings_.requests_per_second;
    gate.runs_per_day = settings_.runs_per_day;
    api.streams_max = settings_.streams;
    api.sessions_max = settings_.sessions;
    api_ = std::make_unique<Api>(std::move(api), std::move(gate));
    TRY_ASSIGN(http_, HttpServer::listen(settings_.http, *api_));
    url_ = url_of(settings_.http, http_->port());
    const std::string& shown = settings_.public_url.empty() ? url_ : settings_.public_url;
    if (settings_.public_url.empty()) api_->gate().set_origin(url_);
    if (!link.empty()) link_ = fmt::format("{}/login#{}", shown, link);
    // Only now: its thread reads what stands above.
    http_->serve();
    return {};
  }

  Result<> reload_certificate() { return http_->reload_certificate(); }
  void drain() {
    api_->set_ready(false);
    waiters_->let_go();
    http_->drain();
  }

  [[nodiscard]] const std::string& url() const { return url_; }
  [[nodiscard]] const std::string& link() const { return link_; }

 private:
  /// Gives the token of a link that is good once.
  Result<std::string> make_first_user() {
    const Millis now = parts_.clock->wall();
    const TokenParts token = make_token();
    const TokenParts link = make_token();
    TRY(write_private(parts_.layout.folder() + "/admin.token", token.text() + "\n"));
    IdentityRequest request;
    UserRow user;
    user.name = kFirstUser;
    user.grants = {{std::string(kEverywhere), Role::kAdmin}};
    user.created_at = now;
    user.version = 1;
    request.users.push_back(user);
    request.tokens.push_back(token_of_admin(token, TokenKind::kPersonal, now));
    request.tokens.push_back(token_of_admin(link, TokenKind::kLogin, now));
    request.tokens.back().expires_at = now + kLinkMillis;
    AuditNote note;
    note.actor = "cerebro";
    note.action = "firstStart";
    note.subject = fmt::format("user {}", kFirstUser);
    const auto users = request.users;
    const auto tokens = request.tokens;
    std::promise<Result<std::int64_t>> promise;
    auto done = promise.get_future();
    parts_.cerebro->ask(
        std::move(request), std::move(note),
        [&promise](Result<std::int64_t> result) { promise.set_value(std::move(result)); });
    TRY(done.get());
    identity_->changed(users, tokens, {});
    return link.text();
  }

  ServerSettings settings_;
  ServerParts parts_;
  std::unique_ptr<StoreReader> reader_;
  std::unique_ptr<StoreReader> plan_reader_;
  NeedGraph needs_;
  std::shared_ptr<Identity> identity_ = std::make_shared<Identity>();
  std::shared_ptr<Hub> hub_ = std::make_shared<Hub>();
  std::shared_ptr<Waiters> waiters_ = std::make_shared<Waiters>();
  std::unique_ptr<HookBook> hooks_;
  std::string url_;
  std::string link_;
  // In this order: the HTTP server goes first, for its thread calls the API.
  std::unique_ptr<Api> api_;
  std::unique_ptr<HttpServer> http_;
};

Result<> check(const ServerSettings& settings) {
  const HttpSettings& http = settings.http;
  if (http.certificate.empty() != http.key.empty()) {
    return fail(ErrorCode::kInvalidArgument, "TLS wants both, a certificate and its key");
  }
  for (const std::string& origin : settings.cors) {
    const auto url = http::parse_url(origin);
    if (url.has_value() && !origin.ends_with('/') && url->target == "/") continue;
    return fail(ErrorCode::kInvalidArgument,
                fmt::format("'{}' is no origin; one is like https://app.example:8443", origin));
  }
  if (http::is_loopback(http.address) || !http.certificate.empty() || settings.insecure_plaintext) {
    return {};
  }
  return fail(ErrorCode::kInvalidArgument,
              fmt::format("{} is reached from other machines, and without TLS everybody on the way "
                          "reads each token: give --tls-cert FILE and --tls-key FILE, or "
                          "--insecure-plaintext where something before it does TLS",
                          http.address));
}

const std::string& openapi() {
  return openapi_document();
}

std::string api_reference() {
  return api_as_markdown();
}

Server::Server(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}

Server::~Server() = default;

Result<std::unique_ptr<Server>> Server::start(const ServerSettings& settings, ServerParts parts) {
  auto impl = std::make_unique<Impl>(settings, std::move(parts));
  TRY(impl->start());
  return std::unique_ptr<Server>(new Server(std::move(impl)));
}

const std::string& Server::url() const {
  return impl_->url();
}

const std::string& Server::login_link() const {
  return impl_->link();
}

Result<> Server::reload_certificate() {
  return impl_->reload_certificate();
}

void Server::drain() {
  impl_->drain();
}

}  // namespace cordyna::server
