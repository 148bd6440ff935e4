/// What the threads of StreamSockets share: the sockets that are open, and what waits to go out.
/// Internal to this folder.
///
/// Threads: any; a Board outlives its threads for as long as somebody has a socket.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "server/http/websocket.hpp"
#include "server/redis/stream_keys.hpp"

namespace cordyna::server {

/// One socket. What only one thread touches is said so; all else is guarded by the board's mutex.
struct StreamSession {
  enum class End : std::uint8_t {
    kOpen,
    kClosing,  ///< once all that waits was sent, the server is told
    kCut,      ///< without a word: its streams go
    kOver,     ///< nothing is sent any more; its peer is to be told
  };

  Knock who;
  std::shared_ptr<WebSocketPeer> peer;
  std::deque<std::string> queue{};
  std::size_t queued = 0;  ///< bytes of it
  End end = End::kOpen;
  bool is_live = false;     ///< its streams are there, and its peer has it
  std::size_t unheard = 0;  ///< frames that the peer is at

  // Of the writer alone.
  std::uint64_t sent = 0;  ///< frames
  std::uint64_t looked_at = 0;

  // Of the reader alone.
  std::uint64_t came = 0;  ///< frames
  std::string last = "0";  ///< entry
  std::string trim{};      ///< what stands before this was looked at
};

class Board {
 public:
  explicit Board(std::size_t queue_bytes) : queue_bytes_(queue_bytes) {}

  /// False: it is closed, or cut off now.
  bool send(StreamSession& session, std::string text);
  void close(StreamSession& session, StreamSession::End how);
  void heard(StreamSession& session);
  [[nodiscard]] std::size_t queued(const StreamSession& session) const;
  void wake() { changed.notify_all(); }

  mutable std::mutex mutex;
  std::condition_variable changed;                                 // with mutex
  std::map<std::string, std::shared_ptr<StreamSession>> sessions;  // guarded, by Knock::session
  std::vector<Knock> knocks;                                       // guarded: not looked at yet
  bool is_sending = false;                                         // guarded: the writer is at it
  bool is_over = false;                                            // guarded: Redis is not there

 private:
  std::size_t queue_bytes_;
};

/// The sending side of one socket.
class StreamSocket final : public WebSocket {
 public:
  StreamSocket(std::shared_ptr<Board> board, std::shared_ptr<StreamSession> session)
      : board_(std::move(board)), session_(std::move(session)) {}
  bool send(std::string text) override { return board_->send(*session_, std::move(text)); }
  void close(std::uint16_t code, std::string_view reason) override {
    static_cast<void>(code);
    static_cast<void>(reason);
    board_->close(*session_, StreamSession::End::kClosing);
  }
  [[nodiscard]] std::size_t queued_bytes() const override { return board_->queued(*session_); }

 private:
  std::shared_ptr<Board> board_;
  std::shared_ptr<StreamSession> session_;
};

}  // namespace cordyna::server
