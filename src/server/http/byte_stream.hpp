/// The bytes of one connection, plain or through TLS: what Connection sees of Asio.
///
/// One read and one write at a time. Each callback is called once, never inside the call that it
/// was given to, also after close(); what it holds keeps the memory alive that is read or written.
/// Internal to this folder. Threads: the server's.
#pragma once

#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>

namespace boost::asio {
class io_context;  // NOLINT(readability-identifier-naming): the name is theirs
namespace ssl {
class context;  // NOLINT(readability-identifier-naming): the name is theirs
}
}  // namespace boost::asio

namespace cordyna::server {

class ByteStream {
 public:
  using Read = std::move_only_function<void(std::size_t bytes)>;  ///< 0: ended, or broken
  using Done = std::move_only_function<void(bool fine)>;

  ByteStream() = default;
  ByteStream(const ByteStream&) = delete;
  ByteStream& operator=(const ByteStream&) = delete;
  virtual ~ByteStream() = default;

  /// Before anything else. Of TLS: the handshake.
  virtual void begin(Done done) = 0;
  virtual void read(std::span<char> into, Read done) = 0;
  /// All of both.
  virtual void write(std::string_view first, std::string_view second, Done done) = 0;
  /// Says that no more is sent, and takes what still comes until the client closes. A connection
  /// that is closed with bytes unread is reset, and the client may then never see the last answer.
  /// `ended`: a read found the end already. Asio would wait for ever for a second end, also where a
  /// read that is still under way takes the first: who called it then closes.
  virtual void finish(bool ended, Done done) = 0;
  /// At once. `reset`: what is not sent yet is thrown away.
  virtual void close(bool reset) = 0;
  /// Of the client, without port.
  [[nodiscard]] virtual std::string address() const = 0;
};

/// Takes over the descriptor of a connected TCP socket. `tls`: may be null.
[[nodiscard]] std::unique_ptr<ByteStream> make_byte_stream(
    boost::asio::io_context& io, int fd, bool ipv6, std::shared_ptr<boost::asio::ssl::context> tls);

}  // namespace cordyna::server
