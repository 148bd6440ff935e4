#include "conformance/cerebro.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <mutex>
#include <utility>
#include <variant>

#include "base/id.hpp"
#include "base/json_text.hpp"
#include "base/text.hpp"
#include "protocol/envelope.hpp"
#include "server/http/http_server.hpp"
#include "server/http/websocket_upgrade.hpp"
#include "server/redis/stream_sockets.hpp"

namespace cordyna::conformance {
namespace {

using protocol::Direction;
using protocol::MessageKind;

constexpr std::string_view kProtocol = "cordyna.v1+cloudevents.json";
constexpr std::string_view kSource = "urn:cordyna:cerebro";

constexpr std::size_t kQueueBytes = std::size_t{1} << 20;
constexpr std::chrono::seconds kCutWait{5};
constexpr std::chrono::milliseconds kStopLook{100};

std::string flaws_text(const protocol::BadMessage& bad) {
  std::string out = fmt::format("{} ({})", bad.type.empty() ? "?" : bad.type, bad.code);
  for (const shape::Flaw& flaw : bad.flaws) out += fmt::format("; {}: {}", flaw.at, flaw.detail);
  return out;
}

/// The ids of the tasks that are declared, as JSON.
std::string declared_data(const shape::JsonBody& declaration) {
  std::string ids;
  for (const shape::JsonBody& task : declaration.objects("tasks")) {
    ids += (ids.empty() ? "" : ",") + json_string(task.text("id"));
  }
  return fmt::format(R"({{"revision":{},"accepted":[{}],"rejected":[]}})",
                     declaration.number("revision", 1), ids);
}

server::HttpResponse list_of(int status, const std::string& messages) {
  return {status, {{"Content-Type", "application/cloudevents-batch+json"}}, "[" + messages + "]\n"};
}

}  // namespace

class Cerebro::Impl final : public server::HttpHandler,
                            public std::enable_shared_from_this<Cerebro::Impl> {
 public:
  Impl(std::string token, const std::atomic<bool>* stop) : token_(std::move(token)), stop_(stop) {}

  [[nodiscard]] bool is_away() const {
    const std::lock_guard lock(mutex);
    return away;
  }
  [[nodiscard]] bool is_stopped() const { return stop_ != nullptr && *stop_; }

  [[nodiscard]] std::size_t body_limit(const server::HttpRequest& head) const override {
    static_cast<void>(head);
    return kUsualBody;
  }
  void handle(server::HttpRequest request, server::Respond respond) override;
  [[nodiscard]] server::HttpResponse problem(int status, std::string_view detail) const override {
    return {status, {{"Content-Type", "text/plain"}}, std::string(detail) + "\n"};
  }

  Result<> listen();
  Result<> listen(const std::string& redis);
  std::size_t add_link();
  std::shared_ptr<server::WebSocketPeer> peer_of(std::size_t link);
  void stop();
  void cut();
  void opened(std::size_t link, std::shared_ptr<server::WebSocket> socket);
  void received(std::size_t link, std::string_view text);
  void closed(std::size_t link);

  struct Link {
    std::shared_ptr<server::WebSocket> socket;
    std::string session;
    std::uint64_t seq = 0;
  };

  void note(Entry entry) {
    entry.index = record.size();
    entry.at = steady_now();
    record.push_back(std::move(entry));
    changed.notify_all();
  }
  std::string make(Link* link, MessageKind kind, const std::string& data, const std::string& id);
  void send_text(std::size_t link, const std::string& text);
  std::string take(const Entry& entry, std::size_t link);
  void refuse(server::Respond& respond, int status, const std::string& why);
  void post(const server::HttpRequest& request, server::Respond& respond);
  void fetch(server::Respond& respond);

  mutable std::mutex mutex;
  mutable std::condition_variable changed;
  Record record;  // guarded by mutex, as all that follows
  Manners manners;
  std::vector<Link> links;  // of number 1 and so on
  bool away = false;
  std::string commands;                            // that nobody has fetched
  server::Respond waiting;                         // for commands
  std::unique_ptr<server::HttpServer> server;      // of the owner's thread alone
  std::unique_ptr<server::StreamSockets> streams;  // of the owner's thread alone
  std::string address;                             // written before the first thread

 private:
  std::string token_;
  const std::atomic<bool>* stop_;
};

namespace {

class Peer final : public server::WebSocketPeer {
 public:
  template <class Opened, class Received, class Closed>
  Peer(Opened opened, Received received, Closed closed)
      : opened_(std::move(opened)), received_(std::move(received)), closed_(std::move(closed)) {}

  void opened(std::shared_ptr<server::WebSocket> socket) override { opened_(std::move(socket)); }
  void received(std::string text, Done done) override {
    received_(text);
    done();
  }
  void closed() override { closed_(); }

 private:
  std::function<void(std::shared_ptr<server::WebSocket>)> opened_;
  std::function<void(const std::string&)> received_;
  std::function<void()> closed_;
};

}  // namespace

Result<> Cerebro::Impl::listen() {
  server::HttpSettings settings;
  TRY_ASSIGN(server, server::HttpServer::start(settings, *this));
  address = fmt::format("http://127.0.0.1:{}", server->port());
  return {};
}

/// Streams with a prefix of their own.
Result<> Cerebro::Impl::listen(const std::string& redis) {
  server::StreamSettings settings;
  TRY_ASSIGN(settings.target, redis::parse_target(redis));
  // Whether it is there at all: later it would only be tried again.
  const auto there = redis::Connection::open(settings.target);
  if (!there.has_value()) return std::unexpected<Error>(there.error().error);
  settings.prefix = "conformance-" + make_uuid7(0);
  settings.queue_bytes = kQueueBytes;
  settings.frame_bytes = protocol::kListMax;
  address = fmt::format("{}{}prefix={}", redis, redis.contains('?') ? '&' : '?', settings.prefix);
  server::StreamCalls calls;
  calls.accept = [self = weak_from_this()](const server::Knock& who) {
    static_cast<void>(who);
    const auto impl = self.lock();
    if (impl == nullptr) return std::shared_ptr<server::WebSocketPeer>();
    return impl->is_away() ? nullptr : impl->peer_of(impl->add_link());
  };
  calls.tampered = [](const server::Knock&, const std::string&) {};
  calls.wall = [] {
    const auto now = std::chrono::system_clock::now().time_since_epoch();
    return std::chrono::duration_cast<std::chrono::milliseconds>(now).count();
  };
  calls.told = [](const std::string&) {};
  streams = std::make_unique<server::StreamSockets>(std::move(settings), std::move(calls));
  return {};
}

void Cerebro::Impl::stop() {
  server::Respond dropped;
  {
    const std::lock_guard lock(mutex);
    dropped = std::exchange(waiting, nullptr);
  }
  server.reset();  // tells the peers: without the mutex
  streams.reset();
}

void Cerebro::Impl::cut() {
  std::unique_lock lock(mutex);
  const std::size_t link = links.size();
  if (link == 0 || links.back().socket == nullptr) return;
  // Who is sent more than it may have waiting is cut off at once, without a word.
  static_cast<void>(links.back().socket->send(std::string(kQueueBytes + 1, ' ')));
  changed.wait_for(lock, kCutWait, [this, link] { return links[link - 1].socket == nullptr; });
}

void Cerebro::Impl::refuse(server::Respond& respond, int status, const std::string& why) {
  {
    const std::lock_guard lock(mutex);
    note({.sort = Sort::kRefused, .text = why});
  }
  respond(problem(status, why));
}

void Cerebro::Impl::handle(server::HttpRequest request, server::Respond respond) {
  {
    const std::unique_lock lock(mutex);
    if (away) return respond(problem(503, "not now"));
  }
  const std::string* given = http::find_header(request.headers, "Authorization");
  if (given == nullptr || *given != "Bearer " + token_) {
    return refuse(respond, 401, request.path + " without the bearer token of CORDYNA_TOKEN");
  }
  if (request.path == "/api/v1/ts/events" && request.method == "POST") {
    return post(request, respond);
  }
  if (request.path == "/api/v1/ts/commands" && request.method == "GET") {
    return fetch(respond);
  }
  if (request.path != "/api/v1/ts/socket") {
    return refuse(respond, 404, request.method + " " + request.path + " is no address of this");
  }
  if (!server::wants_websocket(request)) {
    return refuse(respond, 400, "/api/v1/ts/socket without an upgrade to a WebSocket");
  }
  if (!server::offers_protocol(request, kProtocol)) {
    return refuse(respond, 400, fmt::format("Sec-WebSocket-Protocol without {}", kProtocol));
  }
  server::HttpResponse response;
  response.websocket.emplace();
  response.websocket->protocol = kProtocol;
  response.websocket->limits.message_bytes = protocol::kListMax;
  response.websocket->limits.queue_bytes = kQueueBytes;
  response.websocket->peer = peer_of(add_link());
  respond(std::move(response));
}

std::size_t Cerebro::Impl::add_link() {
  const std::lock_guard lock(mutex);
  links.emplace_back();
  return links.size();
}

std::shared_ptr<server::WebSocketPeer> Cerebro::Impl::peer_of(std::size_t link) {
  return std::make_shared<Peer>(
      [self = shared_from_this(), link](std::shared_ptr<server::WebSocket> socket) {
        self->opened(link, std::move(socket));
      },
      [self = shared_from_this(), link](const std::string& text) { self->received(link, text); },
      [self = shared_from_this(), link] { self->closed(link); });
}

/// Only the newest one waits.
void Cerebro::Impl::fetch(server::Respond& respond) {
  std::unique_lock lock(mutex);
  if (!commands.empty()) {
    const std::string now = std::exchange(commands, {});
    lock.unlock();
    return respond(list_of(200, now));
  }
  server::Respond before = std::exchange(waiting, std::move(respond));
  lock.unlock();
  if (before) before(list_of(200, {}));
}

void Cerebro::Impl::post(const server::HttpRequest& request, server::Respond& respond) {
  std::string replies;
  {
    const std::lock_guard lock(mutex);
    if (manners.refusals > 0) {
      --manners.refusals;
      return respond(list_of(503, {}));  // and nothing of it is known
    }
    for (protocol::ReadMessage& one :
         protocol::read_messages(request.body, Direction::kToCerebro)) {
      if (const auto* bad = std::get_if<protocol::BadMessage>(&one)) {
        note({.sort = Sort::kBad, .text = flaws_text(*bad)});
        continue;
      }
      auto& message = std::get<protocol::Message>(one);
      note({.kind = message.spec->kind,
            .head = std::move(message.head),
            .data = message.data,
            .text = {}});
      if (message.spec->kind == MessageKind::kReady && message.data.has("tasks")) {
        replies = make(nullptr, MessageKind::kDeclared, declared_data(message.data), {});
      }
    }
  }
  respond(list_of(200, replies));
}

void Cerebro::Impl::opened(std::size_t link, std::shared_ptr<server::WebSocket> socket) {
  const std::lock_guard lock(mutex);
  links[link - 1].socket = std::move(socket);
  note({.sort = Sort::kOpened, .link = link});
}

void Cerebro::Impl::closed(std::size_t link) {
  const std::lock_guard lock(mutex);
  links[link - 1].socket = nullptr;
  note({.sort = Sort::kClosed, .link = link});
}

/// The data of the receipt that it gets at once; empty: none.
std::string Cerebro::Impl::take(const Entry& entry, std::size_t link) {
  if (entry.kind == MessageKind::kHeartbeat && manners.leases) {
    send_text(link, make(&links[link - 1], MessageKind::kLease,
                         fmt::format(R"({{"lease_s":{},"cancels":[]}})", manners.lease_s), {}));
  }
  if (entry.kind == MessageKind::kExtend) {
    send_text(link, make(&links[link - 1], MessageKind::kExtended,
                         fmt::format(R"({{"attempt":{},"granted_s":0,"complete_s":600}})",
                                     json_string(entry.attempt())),
                         {}));
  }
  const bool wanted = needs_receipt(entry.kind) && !manners.withheld.contains(entry.kind);
  return wanted ? json_string(entry.head.id) : std::string();
}

void Cerebro::Impl::received(std::size_t link, std::string_view text) {
  auto read = protocol::read_messages(text, Direction::kToCerebro);
  const std::lock_guard lock(mutex);
  std::string ids;
  for (protocol::ReadMessage& one : read) {
    if (const auto* bad = std::get_if<protocol::BadMessage>(&one)) {
      note({.sort = Sort::kBad, .link = link, .text = flaws_text(*bad)});
      continue;
    }
    auto& message = std::get<protocol::Message>(one);
    const Entry entry{.link = link,
                      .kind = message.spec->kind,
                      .head = std::move(message.head),
                      .data = std::move(message.data),
                      .text = {}};
    note(entry);
    const std::string id = take(entry, link);
    if (!id.empty()) ids += (ids.empty() ? "" : ",") + id;
  }
  if (ids.empty()) return;
  send_text(link, make(&links[link - 1], MessageKind::kReceipt, "{\"ids\":[" + ids + "]}", {}));
}

std::string Cerebro::Impl::make(Link* link, MessageKind kind, const std::string& data,
                                const std::string& id) {
  protocol::Head head;
  head.id = id.empty() ? make_uuid7(0) : id;
  head.source = kSource;
  if (link != nullptr) {
    head.session = link->session;
    head.seq = ++link->seq;
  }
  return protocol::write_message(kind, head, data);
}

void Cerebro::Impl::send_text(std::size_t link, const std::string& text) {
  for (const protocol::ReadMessage& one : protocol::read_messages(text, Direction::kToServer)) {
    Entry entry{.sort = Sort::kSent, .link = link};
    if (const auto* message = std::get_if<protocol::Message>(&one)) {
      entry.kind = message->spec->kind;
      entry.head = message->head;
      entry.data = message->data;
    } else {
      entry.text = text;
    }
    note(std::move(entry));
  }
  if (link > 0 && links[link - 1].socket != nullptr) {
    static_cast<void>(links[link - 1].socket->send(text));
  } else if (link == 0) {
    if (waiting) return std::exchange(waiting, nullptr)(list_of(200, text));
    commands += (commands.empty() ? "" : ",") + text;
  }
}

Cerebro::Cerebro(std::shared_ptr<Impl> impl) : impl_(std::move(impl)) {}

Cerebro::~Cerebro() {
  impl_->stop();
}

Result<std::unique_ptr<Cerebro>> Cerebro::open(std::string token, const std::atomic<bool>* stop,
                                               const std::string& redis) {
  auto impl = std::make_shared<Impl>(std::move(token), stop);
  TRY(redis.empty() ? impl->listen() : impl->listen(redis));
  return std::unique_ptr<Cerebro>(new Cerebro(std::move(impl)));
}

std::string Cerebro::url() const {
  return impl_->address;
}

void Cerebro::behave(const std::function<void(Manners&)>& change) {
  const std::lock_guard lock(impl_->mutex);
  change(impl_->manners);
}

std::size_t Cerebro::mark() const {
  const std::lock_guard lock(impl_->mutex);
  return impl_->record.size();
}

Record Cerebro::record(std::size_t from) const {
  const std::lock_guard lock(impl_->mutex);
  const auto begin = std::min(from, impl_->record.size());
  return {impl_->record.begin() + static_cast<std::ptrdiff_t>(begin), impl_->record.end()};
}

std::optional<Entry> Cerebro::wait(std::size_t from, Millis patience,
                                   const Matches& matches) const {
  const auto until = std::chrono::steady_clock::now() + std::chrono::milliseconds(patience);
  std::unique_lock lock(impl_->mutex);
  std::size_t next = from;
  while (true) {
    for (; next < impl_->record.size(); ++next) {
      if (matches(impl_->record[next])) return impl_->record[next];
    }
    const auto now = std::chrono::steady_clock::now();
    if (now >= until || impl_->is_stopped()) return std::nullopt;
    impl_->changed.wait_until(lock, std::min(until, now + kStopLook));
  }
}

void Cerebro::begin_session(const std::string& session) {
  const std::lock_guard lock(impl_->mutex);
  if (impl_->links.empty()) return;
  impl_->links.back().session = session;
  impl_->links.back().seq = 0;
}

std::string Cerebro::make(MessageKind kind, const std::string& data, const std::string& id) {
  const std::lock_guard lock(impl_->mutex);
  return impl_->make(impl_->links.empty() ? nullptr : &impl_->links.back(), kind, data, id);
}

std::string Cerebro::send(MessageKind kind, const std::string& data, const std::string& id) {
  const std::string used = id.empty() ? make_uuid7(0) : id;
  const std::lock_guard lock(impl_->mutex);
  auto* const link = impl_->links.empty() ? nullptr : &impl_->links.back();
  impl_->send_text(impl_->links.size(), impl_->make(link, kind, data, used));
  return used;
}

void Cerebro::send_text(const std::string& text) {
  const std::lock_guard lock(impl_->mutex);
  impl_->send_text(impl_->links.size(), text);
}

void Cerebro::cut() {
  impl_->cut();
}

void Cerebro::go() {
  {
    const std::lock_guard lock(impl_->mutex);
    impl_->away = true;
  }
  impl_->cut();
}

void Cerebro::come_back() {
  const std::lock_guard lock(impl_->mutex);
  impl_->away = false;
}

void Cerebro::close_link() {
  std::shared_ptr<server::WebSocket> socket;
  {
    const std::lock_guard lock(impl_->mutex);
    if (!impl_->links.empty()) socket = impl_->links.back().socket;
  }
  if (socket != nullptr) socket->close(server::CloseCode::kNormal, "goodbye");
}

}  // namespace cordyna::conformance
