#include "server/http/http_server.hpp"

#include <fmt/format.h>
#include <signal.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <cerrno>
#include <ctime>
#include <mutex>
#include <thread>
#include <unordered_map>

#include "base/check.hpp"
#include "server/http/connection.hpp"
#include "server/http/tls_context.hpp"

namespace cordyna::server {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;
using boost::system::error_code;
using TlsContext = std::shared_ptr<asio::ssl::context>;

constexpr int kAcceptedAtOnce = 16;
/// Beyond the limit: they get their 503. More than these are closed without a word.
constexpr std::size_t kRefusedMax = 64;
/// No descriptor or no memory is left: the next try at once would only turn the processor.
constexpr Millis kAcceptPause = 100;

Result<TlsContext> context_of(const HttpSettings& settings) {
  if (settings.certificate.empty() && settings.key.empty()) return TlsContext();
  if (settings.certificate.empty() || settings.key.empty()) {
    return fail(ErrorCode::kInvalidArgument,
                settings.key.empty()
                    ? fmt::format("the certificate {} has no key with it", settings.certificate)
                    : fmt::format("the key {} has no certificate with it", settings.key));
  }
  return make_tls_context(settings.certificate, settings.key);
}

/// Signals belong to the threads of who started us.
class BlockedSignals {
 public:
  BlockedSignals() {
    sigset_t all;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before_);
  }
  ~BlockedSignals() { pthread_sigmask(SIG_SETMASK, &before_, nullptr); }
  BlockedSignals(const BlockedSignals&) = delete;
  BlockedSignals& operator=(const BlockedSignals&) = delete;

 private:
  sigset_t before_{};
};

}  // namespace

class HttpServer::Impl final : public ConnectionHost {
 public:
  Impl(HttpSettings settings, HttpHandler& handler, TlsContext tls)
      : settings_(std::move(settings)),
        handler_(handler),
        rules_(reader_rules(settings_)),
        tls_(std::move(tls)) {}
  ~Impl() override;

  Result<> listen();
  void run();

  [[nodiscard]] std::uint16_t port() const { return port_; }
  void drain();
  Result<> reload();
  [[nodiscard]] HttpCounts counts() const;

 private:
  struct Entry {
    std::shared_ptr<Connection> connection;
    bool refused = false;
  };

  HttpHandler& handler() override { return handler_; }
  const HttpLimits& limits() const override { return settings_.limits; }
  const ReaderRules& rules() const override { return rules_; }
  const std::shared_ptr<Mailbox>& mailbox() const override { return mailbox_; }
  std::string_view date() override;
  bool is_draining() const override { return draining_; }
  void count_request() override { ++requests_; }
  void forget(Connection& connection) override;

  void serve();
  void wait_for_clients();
  void accept_some();
  void welcome(int fd);
  void drain_here();
  /// A connection that is closed changes the map.
  [[nodiscard]] std::vector<std::shared_ptr<Connection>> all() const;

  const HttpSettings settings_;
  HttpHandler& handler_;
  const ReaderRules rules_;
  std::uint16_t port_ = 0;
  bool ipv6_ = false;

  asio::io_context io_{1};
  std::shared_ptr<Mailbox> mailbox_ = std::make_shared<Mailbox>(io_);
  tcp::acceptor acceptor_{io_};
  Alarm pause_{io_, [this] { wait_for_clients(); }};

  // The server's thread.
  bool awaits_clients_ = false;
  std::unordered_map<Connection*, Entry> connections_;
  std::size_t refused_ = 0;
  std::time_t date_at_ = 0;
  std::string date_;

  std::mutex mutex_;
  TlsContext tls_;  ///< under the mutex; null: plain
  std::atomic<bool> draining_ = false;
  std::atomic<std::uint64_t> accepted_ = 0;
  std::atomic<std::uint64_t> requests_ = 0;
  std::atomic<std::uint64_t> open_ = 0;
  std::thread thread_;
};

HttpServer::Impl::~Impl() {
  CHECK(!mailbox_->on_own_thread());  // it would wait for itself
  mailbox_->close();
  io_.stop();
  if (thread_.joinable()) thread_.join();
  // Sockets go before the io_context that they belong to; what waits in it is destroyed with it.
  for (const std::shared_ptr<Connection>& connection : all()) connection->end();
}

Result<> HttpServer::Impl::listen() {
  error_code error;
  const asio::ip::address address = asio::ip::make_address(settings_.address, error);
  if (error) {
    return fail(ErrorCode::kInvalidArgument,
                fmt::format("'{}' is no IP address to listen on", settings_.address));
  }
  const tcp::endpoint endpoint(address, settings_.port);
  ipv6_ = address.is_v6();
  acceptor_.open(endpoint.protocol(), error);
  if (!error) acceptor_.set_option(tcp::acceptor::reuse_address(true), error);
  if (!error) acceptor_.bind(endpoint, error);
  if (!error) acceptor_.listen(asio::socket_base::max_listen_connections, error);
  if (!error) acceptor_.native_non_blocking(true, error);
  if (!error) port_ = acceptor_.local_endpoint(error).port();
  if (!error) return {};
  return fail(ErrorCode::kUnavailable,
              fmt::format("cannot listen on {} port {}: {}", settings_.address, settings_.port,
                          error.message()));
}

void HttpServer::Impl::run() {
  handler_.begin([mailbox = mailbox_](std::move_only_function<void()> work) {
    mailbox->post(std::move(work));
  });
  wait_for_clients();
  const BlockedSignals blocked;
  thread_ = std::thread([this] { serve(); });
}

void HttpServer::Impl::serve() {
  mailbox_->own_thread_is_this();
  const auto work = asio::make_work_guard(io_);
  bool failed = false;
  while (!io_.stopped()) {
    try {
      if (failed && !awaits_clients_) {
        (void)io_.poll();  // what is ready may free some memory
        wait_for_clients();
      }
      failed = false;
      io_.run();
    } catch (...) {
      // No memory for one connection: its alarm closes it, and the others go on. But where it was
      // for the wait for clients, nobody would hear of a new one again.
      failed = true;
    }
  }
}

void HttpServer::Impl::wait_for_clients() {
  if (!acceptor_.is_open() || awaits_clients_) return;
  acceptor_.async_wait(tcp::acceptor::wait_read, [this](error_code error) {
    awaits_clients_ = false;
    if (error != asio::error::operation_aborted) accept_some();
  });
  awaits_clients_ = true;
}

void HttpServer::Impl::accept_some() {
  for (int i = 0; i < kAcceptedAtOnce && acceptor_.is_open(); ++i) {
    const int fd =
        accept4(acceptor_.native_handle(), nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK);
    if (fd >= 0) {
      try {
        welcome(fd);
      } catch (...) {  // no memory: nobody would wait for clients any more
        return pause_.set(kAcceptPause);
      }
      continue;
    }
    if (errno == EAGAIN || errno == EWOULDBLOCK) break;
    // Some errors are of the client that just left (accept(2)), and the next one is fine.
    const bool exhausted =
        errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM;
    if (exhausted) return pause_.set(kAcceptPause);
  }
  wait_for_clients();
}

void HttpServer::Impl::welcome(int fd) {
  ++accepted_;
  const bool refused = connections_.size() - refused_ >= settings_.limits.connections;
  if (draining_ || (refused && refused_ >= kRefusedMax)) {
    ::close(fd);
    return;
  }
  TlsContext tls;
  {
    const std::scoped_lock lock(mutex_);
    tls = tls_;
  }
  auto connection =
      std::make_shared<Connection>(*this, io_, make_byte_stream(io_, fd, ipv6_, std::move(tls)));
  connections_.emplace(connection.get(), Entry{connection, refused});
  if (refused) ++refused_;
  ++open_;
  connection->start(refused);
}

void HttpServer::Impl::forget(Connection& connection) {
  const auto found = connections_.find(&connection);
  if (found == connections_.end()) return;
  if (found->second.refused) --refused_;
  connections_.erase(found);
  --open_;
}

std::string_view HttpServer::Impl::date() {
  const std::time_t now = std::time(nullptr);
  if (now != date_at_) {
    date_ = http_date(now);
    date_at_ = now;
  }
  return date_;
}

void HttpServer::Impl::drain() {
  draining_ = true;
  mailbox_->post([this] { drain_here(); });
}

void HttpServer::Impl::drain_here() {
  error_code ignored;
  acceptor_.close(ignored);
  for (const std::shared_ptr<Connection>& connection : all()) connection->drain();
}

std::vector<std::shared_ptr<Connection>> HttpServer::Impl::all() const {
  std::vector<std::shared_ptr<Connection>> all;
  all.reserve(connections_.size());
  for (const auto& [key, entry] : connections_) all.push_back(entry.connection);
  return all;
}

Result<> HttpServer::Impl::reload() {
  TRY_ASSIGN(TlsContext fresh, context_of(settings_));
  const std::scoped_lock lock(mutex_);
  tls_ = std::move(fresh);
  return {};
}

HttpCounts HttpServer::Impl::counts() const {
  return {.connections = accepted_, .requests = requests_, .open = open_};
}

HttpServer::HttpServer(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
HttpServer::~HttpServer() = default;

Result<std::unique_ptr<HttpServer>> HttpServer::listen(const HttpSettings& settings,
                                                       HttpHandler& handler) {
  TRY_ASSIGN(TlsContext tls, context_of(settings));
  auto impl = std::make_unique<Impl>(settings, handler, std::move(tls));
  TRY(impl->listen());
  return std::unique_ptr<HttpServer>(new HttpServer(std::move(impl)));
}

void HttpServer::serve() {
  impl_->run();
}

Result<std::unique_ptr<HttpServer>> HttpServer::start(const HttpSettings& settings,
                                                      HttpHandler& handler) {
  TRY_ASSIGN(std::unique_ptr<HttpServer> server, listen(settings, handler));
  server->serve();
  return server;
}

std::uint16_t HttpServer::port() const {
  return impl_->port();
}
void HttpServer::drain() {
  impl_->drain();
}
Result<> HttpServer::reload_certificate() {
  return impl_->reload();
}
HttpCounts HttpServer::counts() const {
  return impl_->counts();
}

}  // namespace cordyna::server
