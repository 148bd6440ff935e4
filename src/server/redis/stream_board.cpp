#include "server/redis/stream_board.hpp"

#include <utility>

namespace cordyna::server {

using End = StreamSession::End;

bool Board::send(StreamSession& session, std::string text) {
  bool taken = true;
  {
    const std::lock_guard lock(mutex);
    if (session.end != End::kOpen) return false;
    session.queued += text.size();
    if (session.queued > queue_bytes_) {
      session.end = End::kCut;
      session.queue.clear();
      taken = false;
    } else {
      session.queue.push_back(std::move(text));
    }
  }
  wake();
  return taken;
}

void Board::close(StreamSession& session, End how) {
  {
    const std::lock_guard lock(mutex);
    if (how > session.end) session.end = how;
  }
  wake();
}

void Board::heard(StreamSession& session) {
  {
    const std::lock_guard lock(mutex);
    --session.unheard;
  }
  wake();
}

std::size_t Board::queued(const StreamSession& session) const {
  const std::lock_guard lock(mutex);
  return session.queued;
}

}  // namespace cordyna::server
