/// The bytes of a WebSocket, between its frames and the ByteStream.
///
/// First it gives what the client sent ahead, behind its request. Small writes that others follow
/// are held back, so that many messages go out in one system call. Each write has its limit of
/// time. One read and one write at a time; a callback is never called inside the call that it was
/// given to. Internal to this folder. Threads: the server's.
#pragma once

#include <functional>
#include <span>
#include <string>
#include <string_view>

#include "base/time.hpp"
#include "server/http/alarm.hpp"
#include "server/http/byte_stream.hpp"

namespace cordyna::server {

class WebSocketPipe {
 public:
  using Done = std::move_only_function<void(bool fine, std::size_t bytes)>;
  struct Events {
    std::function<void()> heard;   ///< something came
    std::function<void()> broken;  ///< a write failed, or took too long
  };

  WebSocketPipe(boost::asio::io_context& io, ByteStream& stream, Millis write_wait, Events events);

  /// `read_under_way`: of who had the stream before; take_read() brings what it read.
  void begin(std::string_view ahead, bool read_under_way);
  /// Empty: the end.
  void take_read(std::string_view bytes);

  void read(std::span<char> into, Done done);
  /// Somebody waits for bytes: that none come says something.
  [[nodiscard]] bool is_reading() const { return reading_; }
  /// The end came, or a write failed.
  [[nodiscard]] bool is_broken() const { return broken_; }

  /// Takes of `bytes` what fits, to be written by the next flush().
  [[nodiscard]] std::size_t put(std::string_view bytes);
  /// `hold`: another write is certain to follow, and these bytes may wait for it.
  void flush(bool hold, Done done, std::size_t bytes);
  /// Nothing is to be written for now: gives back what the last ones took.
  void rest();
  /// From now on all fails, and nothing touches the stream.
  void stop();

 private:
  void give_ahead(std::span<char> into, Done done);
  void on_read(std::size_t bytes, Done done);
  void later(Done done, bool fine, std::size_t bytes);

  boost::asio::io_context& io_;
  ByteStream& stream_;
  const Millis write_wait_;
  const Events events_;
  Alarm alarm_;
  std::string ahead_;
  bool read_under_way_ = false;
  std::span<char> parked_into_;
  Done parked_;  ///< a read that waits for take_read()
  bool reading_ = false;
  bool broken_ = false;
  bool stopped_ = false;
  std::string out_;
};

}  // namespace cordyna::server
