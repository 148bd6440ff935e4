#include "server/http/websocket_session.hpp"

#include <algorithm>
#include <boost/asio/async_result.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/beast/core/buffers_range.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/empty_body.hpp>
#include <boost/beast/http/message.hpp>
#include <boost/beast/websocket/stream.hpp>
#include <utility>
#include <vector>

#include "server/http/give_back.hpp"
#include "server/http/websocket_outbox.hpp"
#include "server/http/websocket_pipe.hpp"

namespace cordyna::server {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
using boost::system::error_code;

/// Of messages, and of the list of those that go out: what a WebSocket at rest may keep.
constexpr std::size_t kKeptMessageBytes = 2048;
constexpr std::size_t kKeptMessages = 32;
/// Times `quiet`.
constexpr int kSilentMax = 3;

class FrameSession;

/// The stream below the frames, as Beast wants to see one.
class Wire {
 public:
  using executor_type = asio::io_context::executor_type;  // NOLINT: the name is theirs

  explicit Wire(FrameSession& session) : session_(&session) {}
  [[nodiscard]] executor_type get_executor() const noexcept;

  template <class Buffers, class Handler>
  auto async_read_some(const Buffers& buffers, Handler&& handler) {
    asio::mutable_buffer room;
    for (const asio::mutable_buffer one : beast::buffers_range_ref(buffers)) {
      room = one;
      if (room.size() > 0) break;
    }
    auto begin = [this, room](auto done) { read(room, as_done(std::move(done))); };
    return asio::async_initiate<Handler, void(error_code, std::size_t)>(std::move(begin), handler);
  }

  template <class Buffers, class Handler>
  auto async_write_some(const Buffers& buffers, Handler&& handler) {
    std::size_t bytes = 0;
    for (const asio::const_buffer one : beast::buffers_range_ref(buffers)) {
      const std::size_t some = put(one);
      bytes += some;
      if (some < one.size()) break;
    }
    auto begin = [this, bytes](auto done) { flush(bytes, as_done(std::move(done))); };
    return asio::async_initiate<Handler, void(error_code, std::size_t)>(std::move(begin), handler);
  }

 private:
  template <class Handler>
  static WebSocketPipe::Done as_done(Handler handler) {
    return [handler = std::move(handler)](bool fine, std::size_t bytes) mutable {
      handler(fine ? error_code() : error_code(asio::error::eof), bytes);
    };
  }
  void read(asio::mutable_buffer room, WebSocketPipe::Done done);
  [[nodiscard]] std::size_t put(asio::const_buffer bytes);
  void flush(std::size_t bytes, WebSocketPipe::Done done);

  FrameSession* session_;
};

/// The stream is ended by its owner, when the session has ended.
template <class Handler>
void async_teardown(beast::role_type, Wire& wire, Handler&& handler) {
  asio::post(wire.get_executor(),
             [done = std::forward<Handler>(handler)]() mutable { done(error_code()); });
}
/// Beast calls it for its own limits of time, which are off.
void beast_close_socket(Wire&) {}

class FrameSession final : public WebSocketSession {
 public:
  FrameSession(WebSocketParts parts, WebSocketStart start);

  void start(const std::shared_ptr<WebSocketSession>& self, std::string_view ahead,
             bool read_under_way) override;
  void take_read(std::string_view bytes) override { pipe_.take_read(bytes); }
  void drain() override;
  void cut() override;

  /// The peer is done with a message.
  void turn_over();

 private:
  friend class Wire;

  void open();
  void read_message();
  void on_message(error_code error);
  void deliver(std::string text);
  void look_at_outbox();
  void write_on();
  void on_written(error_code error);
  void begin_close(const WebSocketOutbox::Close& close);
  void on_quiet();
  void ping();
  void end(bool in_order);
  void tell_closed();
  /// False: it threw, and the WebSocket is being closed.
  template <class Call>
  bool call_peer(Call call);

  const WebSocketParts parts_;
  const WebSocketLimits limits_;
  std::shared_ptr<WebSocketPeer> peer_;
  std::weak_ptr<FrameSession> self_;
  std::shared_ptr<WebSocketOutbox> outbox_;
  WebSocketPipe pipe_;
  Alarm alarm_;
  beast::websocket::stream<Wire, false> frames_;

  bool opening_ = true;   ///< Beast does not know yet that the WebSocket is open
  bool closing_ = false;  ///< a close of ours is under way
  bool ended_ = false;

  beast::flat_buffer in_;
  bool reading_ = false;
  bool deaf_ = false;  ///< nothing more is given to the peer
  bool in_peer_ = false;
  bool turn_over_ = false;  ///< within received()
  int silent_ = 0;          ///< times `quiet` since something came

  std::vector<std::string> batch_;
  std::size_t next_ = 0;  ///< in batch_
  bool writing_ = false;
  bool hold_ = false;  ///< another message follows the one being written
  bool pinging_ = false;
};

/// What the peer's Done is made of.
class Turn {
 public:
  Turn(std::shared_ptr<Mailbox> mailbox, std::weak_ptr<FrameSession> session)
      : mailbox_(std::move(mailbox)), session_(std::move(session)) {}
  ~Turn() { end(); }
  Turn(Turn&&) noexcept = default;
  Turn& operator=(Turn&&) = delete;
  Turn(const Turn&) = delete;
  Turn& operator=(const Turn&) = delete;

  void end() {
    const std::shared_ptr<Mailbox> mailbox = std::exchange(mailbox_, nullptr);
    if (mailbox == nullptr) return;
    auto over = [session = std::move(session_)] {
      const std::shared_ptr<FrameSession> alive = session.lock();
      if (alive != nullptr) alive->turn_over();
    };
    // The weak pointer is locked only there: the last owner destroys a socket.
    if (mailbox->on_own_thread()) return over();
    mailbox->post(std::move(over));
  }

 private:
  std::shared_ptr<Mailbox> mailbox_;  ///< null: ended, or moved from
  std::weak_ptr<FrameSession> session_;
};

Wire::executor_type Wire::get_executor() const noexcept {
  return session_->parts_.io.get_executor();
}

void Wire::read(asio::mutable_buffer room, WebSocketPipe::Done done) {
  session_->pipe_.read({static_cast<char*>(room.data()), room.size()}, std::move(done));
}

std::size_t Wire::put(asio::const_buffer bytes) {
  // Beast opens a stream only by answering the request itself. Ours went out with all its headers;
  // Beast's goes nowhere.
  if (session_->opening_) return bytes.size();
  return session_->pipe_.put({static_cast<const char*>(bytes.data()), bytes.size()});
}

void Wire::flush(std::size_t bytes, WebSocketPipe::Done done) {
  // A message may wait for the next one, but nothing follows a close.
  const bool hold = session_->opening_ || (session_->hold_ && session_->frames_.is_open());
  session_->pipe_.flush(hold, std::move(done), bytes);
}

FrameSession::FrameSession(WebSocketParts parts, WebSocketStart start)
    : parts_(std::move(parts)),
      limits_(start.limits),
      peer_(std::move(start.peer)),
      pipe_(parts_.io, parts_.stream, parts_.limits.write_wait,
            {.heard =
                 [this] {
                   silent_ = 0;
                   if (!closing_) alarm_.set(parts_.limits.quiet);
                 },
             .broken = [this] { end(false); }}),
      alarm_(parts_.io, [this] { on_quiet(); }),
      frames_(Wire(*this)) {
  frames_.auto_fragment(false);
  frames_.read_message_max(std::max<std::size_t>(limits_.message_bytes, 1));  // 0 would be no limit
}

void FrameSession::start(const std::shared_ptr<WebSocketSession>& self, std::string_view ahead,
                         bool read_under_way) {
  self_ = std::static_pointer_cast<FrameSession>(self);
  pipe_.begin(ahead, read_under_way);
  outbox_ = std::make_shared<WebSocketOutbox>(
      limits_.queue_bytes, [mailbox = parts_.mailbox, weak = self_] {
        mailbox->post([weak] {
          const std::shared_ptr<FrameSession> alive = weak.lock();
          if (alive != nullptr) alive->look_at_outbox();
        });
      });
  alarm_.set(parts_.limits.quiet);
  open();
  static_cast<void>(call_peer([this] { peer_->opened(outbox_); }));
}

void FrameSession::open() {
  beast::http::request<beast::http::empty_body> request(beast::http::verb::get, "/", 11);
  request.set(beast::http::field::host, "localhost");
  request.set(beast::http::field::connection, "upgrade");
  request.set(beast::http::field::upgrade, "websocket");
  request.set(beast::http::field::sec_websocket_version, "13");
  request.set(beast::http::field::sec_websocket_key, "AAAAAAAAAAAAAAAAAAAAAA==");
  frames_.async_accept(request, [self = self_.lock()](error_code error) {
    if (self->ended_) return;
    if (error) return self->end(false);
    self->opening_ = false;
    self->read_message();
    self->write_on();
  });
}

void FrameSession::read_message() {
  if (reading_ || deaf_ || closing_ || ended_) return;
  reading_ = true;
  frames_.async_read(
      in_, [self = self_.lock()](error_code error, std::size_t) { self->on_message(error); });
}

void FrameSession::on_message(error_code error) {
  reading_ = false;
  if (ended_) return;
  if (error) {
    // Our own close stops the read, and ends the session when it is through.
    if (closing_ && error == asio::error::operation_aborted) return;
    return end(!pipe_.is_broken());
  }
  std::string text(static_cast<const char*>(in_.data().data()), in_.size());
  in_.clear();
  if (in_.capacity() > kKeptMessageBytes) in_.shrink_to_fit();
  if (closing_ || deaf_ || outbox_->close_asked().has_value()) return;
  if (frames_.got_text()) return deliver(std::move(text));
  deaf_ = true;
  outbox_->close(CloseCode::kUnknownData, "only text is taken");
}

void FrameSession::deliver(std::string text) {
  const std::shared_ptr<FrameSession> self = self_.lock();
  turn_over_ = false;
  const bool fine = call_peer([this, &text] {
    peer_->received(std::move(text),
                    [turn = Turn(parts_.mailbox, self_)]() mutable { turn.end(); });
  });
  if (fine && turn_over_) read_message();
}

void FrameSession::turn_over() {
  turn_over_ = true;
  if (!in_peer_) read_message();
}

template <class Call>
bool FrameSession::call_peer(Call call) {
  in_peer_ = true;
  bool fine = true;
  try {
    call();
  } catch (...) {
    fine = false;
  }
  in_peer_ = false;
  if (fine) return true;
  deaf_ = true;
  outbox_->close(CloseCode::kInternalError, "the server failed");
  return false;
}

void FrameSession::look_at_outbox() {
  if (ended_) return;
  if (outbox_->is_too_full()) return end(false);
  write_on();
}

void FrameSession::write_on() {
  if (writing_ || opening_ || closing_ || ended_) return;
  if (next_ == batch_.size()) {
    batch_.clear();
    if (batch_.capacity() > kKeptMessages) give_back(batch_);
    next_ = 0;
    outbox_->take(batch_);
  }
  if (batch_.empty()) {
    pipe_.rest();
    const auto close = outbox_->close_asked();
    if (close.has_value()) begin_close(*close);
    return;
  }
  writing_ = true;
  hold_ = next_ + 1 < batch_.size();
  frames_.async_write(
      asio::buffer(batch_[next_]),
      [self = self_.lock()](error_code error, std::size_t) { self->on_written(error); });
}

void FrameSession::on_written(error_code error) {
  writing_ = false;
  if (ended_) return;
  // The client's close, or a frame that was none, came in between: the read ends the session.
  if (error) return;
  outbox_->went_out(batch_[next_]);
  give_back(batch_[next_++]);
  write_on();
}

void FrameSession::begin_close(const WebSocketOutbox::Close& close) {
  closing_ = true;
  alarm_.set(parts_.limits.write_wait);  // for the client to answer
  const beast::websocket::close_reason reason(static_cast<beast::websocket::close_code>(close.code),
                                              close.reason);
  frames_.async_close(reason, [self = self_.lock()](error_code error) {
    // An error while a read is under way: the client's own close crossed ours, and the read has it.
    if (!error || !self->reading_) self->end(!self->pipe_.is_broken());
  });
}

void FrameSession::on_quiet() {
  if (closing_) return end(false);
  // Where nobody reads, since the peer is not done, silence says nothing of the client.
  silent_ = pipe_.is_reading() ? silent_ + 1 : 0;
  if (silent_ >= kSilentMax) return end(false);
  alarm_.set(parts_.limits.quiet);
  ping();
}

void FrameSession::ping() {
  if (pinging_ || opening_) return;
  pinging_ = true;
  frames_.async_ping({}, [self = self_.lock()](error_code) { self->pinging_ = false; });
}

void FrameSession::drain() {
  if (!ended_ && outbox_ != nullptr) {
    outbox_->close(CloseCode::kGoingAway, "the server is about to end");
  }
}

void FrameSession::end(bool in_order) {
  if (ended_) return;
  const std::shared_ptr<FrameSession> self = self_.lock();
  ended_ = true;
  alarm_.stop();
  pipe_.stop();
  parts_.owner.websocket_ended(in_order);
  tell_closed();
}

void FrameSession::cut() {
  if (ended_) return;
  ended_ = true;
  alarm_.stop();
  pipe_.stop();
  tell_closed();
}

void FrameSession::tell_closed() {
  const std::shared_ptr<WebSocketPeer> peer = std::move(peer_);
  if (outbox_ == nullptr) return;  // it never opened
  outbox_->shut();
  if (!writing_) give_back(batch_);  // else it is read until the write has failed
  try {
    peer->closed();
  } catch (...) {  // NOLINT(bugprone-empty-catch): nothing is left to be told
  }
}

}  // namespace

std::unique_ptr<WebSocketSession> make_websocket_session(WebSocketParts parts,
                                                         WebSocketStart start) {
  return std::make_unique<FrameSession>(std::move(parts), std::move(start));
}

}  // namespace cordyna::server
