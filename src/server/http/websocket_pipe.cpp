#include "server/http/websocket_pipe.hpp"

#include <algorithm>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <cstring>
#include <utility>

#include "server/http/give_back.hpp"

namespace cordyna::server {
namespace {

/// So much is to be taken within the limit of time, as of other answers.
constexpr std::size_t kWriteBytesMax = std::size_t{64} << 10;
constexpr std::size_t kHeldBytesMax = std::size_t{16} << 10;
/// What a WebSocket may keep for its next write.
constexpr std::size_t kKeptBytesMax = 1024;

}  // namespace

WebSocketPipe::WebSocketPipe(boost::asio::io_context& io, ByteStream& stream, Millis write_wait,
                             Events events)
    : io_(io),
      stream_(stream),
      write_wait_(write_wait),
      events_(std::move(events)),
      alarm_(io, [this] { events_.broken(); }) {}

void WebSocketPipe::begin(std::string_view ahead, bool read_under_way) {
  ahead_ = ahead;
  read_under_way_ = read_under_way;
}

void WebSocketPipe::take_read(std::string_view bytes) {
  read_under_way_ = false;
  ahead_ += bytes;
  broken_ = broken_ || bytes.empty();
  if (!bytes.empty()) events_.heard();
  if (!parked_) return;
  Done done = std::exchange(parked_, {});
  reading_ = false;
  give_ahead(parked_into_, std::move(done));
}

void WebSocketPipe::give_ahead(std::span<char> into, Done done) {
  const std::size_t bytes = std::min(into.size(), ahead_.size());
  std::memcpy(into.data(), ahead_.data(), bytes);
  ahead_.erase(0, bytes);
  if (ahead_.empty()) give_back(ahead_);
  later(std::move(done), bytes > 0, bytes);
}

void WebSocketPipe::read(std::span<char> into, Done done) {
  if (stopped_) return later(std::move(done), false, 0);
  if (!ahead_.empty() || broken_) return give_ahead(into, std::move(done));
  reading_ = true;
  if (read_under_way_) {
    parked_into_ = into;
    parked_ = std::move(done);
    return;
  }
  stream_.read(into, [this, done = std::move(done)](std::size_t bytes) mutable {
    on_read(bytes, std::move(done));
  });
}

void WebSocketPipe::on_read(std::size_t bytes, Done done) {
  reading_ = false;
  broken_ = broken_ || bytes == 0;
  if (bytes > 0 && !stopped_) events_.heard();
  done(bytes > 0 && !stopped_, bytes);
}

std::size_t WebSocketPipe::put(std::string_view bytes) {
  const std::string_view some =
      bytes.substr(0, kWriteBytesMax - std::min(kWriteBytesMax, out_.size()));
  out_ += some;
  return some.size();
}

void WebSocketPipe::flush(bool hold, Done done, std::size_t bytes) {
  if (stopped_) return later(std::move(done), false, 0);
  if (hold && out_.size() < kHeldBytesMax) return later(std::move(done), true, bytes);
  alarm_.set(write_wait_);
  stream_.write(out_, {}, [this, bytes, done = std::move(done)](bool fine) mutable {
    alarm_.stop();
    out_.clear();
    if (!fine && !stopped_) {
      broken_ = true;
      events_.broken();
    }
    done(fine, fine ? bytes : 0);
  });
}

void WebSocketPipe::rest() {
  if (out_.empty() && out_.capacity() > kKeptBytesMax) give_back(out_);
}

void WebSocketPipe::stop() {
  stopped_ = true;
  alarm_.stop();
  if (parked_) later(std::exchange(parked_, {}), false, 0);
}

void WebSocketPipe::later(Done done, bool fine, std::size_t bytes) {
  boost::asio::post(io_, [done = std::move(done), fine, bytes]() mutable { done(fine, bytes); });
}

}  // namespace cordyna::server
