#include "server/http/byte_stream.hpp"

#include <boost/asio/basic_stream_socket.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/ssl/error.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <boost/asio/write.hpp>

#include <array>

namespace cordyna::server {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;
using boost::system::error_code;
// Not tcp::socket: an executor of unknown type would cost at each operation.
using Socket = asio::basic_stream_socket<tcp, asio::io_context::executor_type>;

std::string address_of(const Socket& socket) {
  error_code error;
  asio::ip::address address = socket.remote_endpoint(error).address();
  if (error) return {};
  if (address.is_v6() && address.to_v6().is_v4_mapped()) {
    address = asio::ip::make_address_v4(asio::ip::v4_mapped, address.to_v6());
  }
  return address.to_string();
}

void end_socket(Socket& socket, bool reset) {
  error_code ignored;
  if (reset) socket.set_option(asio::socket_base::linger(true, 0), ignored);
  socket.close(ignored);
}

template <class Stream>
void read_from(Stream& stream, std::span<char> into, ByteStream::Read done) {
  stream.async_read_some(asio::buffer(into.data(), into.size()),
                         [done = std::move(done)](error_code error, std::size_t bytes) mutable {
                           done(error ? 0 : bytes);
                         });
}

template <class Stream>
void write_to(Stream& stream, std::string_view first, std::string_view second,
              ByteStream::Done done) {
  const std::array<asio::const_buffer, 2> both{asio::const_buffer(first.data(), first.size()),
                                               asio::const_buffer(second.data(), second.size())};
  asio::async_write(stream, both, [done = std::move(done)](error_code error, std::size_t) mutable {
    done(!error);
  });
}

using Waste = std::array<char, std::size_t{16} << 10>;

/// Reads and throws away. Who waits limits the time; the bytes need no limit, since none is kept.
void drop_rest(Socket& socket, std::shared_ptr<Waste> waste, ByteStream::Done done) {
  Waste& into = *waste;
  socket.async_read_some(asio::buffer(into),
                         [&socket, waste = std::move(waste), done = std::move(done)](
                             error_code error, std::size_t) mutable {
                           if (error) return done(true);
                           drop_rest(socket, std::move(waste), std::move(done));
                         });
}

void finish_socket(Socket& socket, bool ended, ByteStream::Done done) {
  error_code ignored;
  socket.shutdown(asio::socket_base::shutdown_send, ignored);
  if (ended) {
    asio::post(socket.get_executor(), [done = std::move(done)]() mutable { done(true); });
    return;
  }
  drop_rest(socket, std::make_shared<Waste>(), std::move(done));
}

class PlainStream final : public ByteStream {
 public:
  explicit PlainStream(Socket socket) : socket_(std::move(socket)), address_(address_of(socket_)) {}

  void begin(Done done) override {
    asio::post(socket_.get_executor(), [done = std::move(done)]() mutable { done(true); });
  }
  void read(std::span<char> into, Read done) override { read_from(socket_, into, std::move(done)); }
  void write(std::string_view first, std::string_view second, Done done) override {
    write_to(socket_, first, second, std::move(done));
  }
  void finish(bool ended, Done done) override { finish_socket(socket_, ended, std::move(done)); }
  void close(bool reset) override { end_socket(socket_, reset); }
  std::string address() const override { return address_; }

 private:
  Socket socket_;
  std::string address_;
};

class TlsStream final : public ByteStream {
 public:
  TlsStream(Socket socket, std::shared_ptr<asio::ssl::context> context)
      : context_(std::move(context)),
        address_(address_of(socket)),
        stream_(std::move(socket), *context_) {}

  void begin(Done done) override {
    stream_.async_handshake(asio::ssl::stream_base::server,
                            [done = std::move(done)](error_code error) mutable { done(!error); });
  }
  void read(std::span<char> into, Read done) override { read_from(stream_, into, std::move(done)); }
  void write(std::string_view first, std::string_view second, Done done) override {
    write_to(stream_, first, second, std::move(done));
  }
  void finish(bool ended, Done done) override {
    // TCP ended, and TLS did not: the shutdown would read, see above.
    const bool said = (SSL_get_shutdown(stream_.native_handle()) & SSL_RECEIVED_SHUTDOWN) != 0;
    if (ended && !said) return finish_socket(stream_.next_layer(), true, std::move(done));
    stream_.async_shutdown([this, ended, done = std::move(done)](error_code error) mutable {
      if (error == asio::error::operation_aborted) return done(false);
      const bool cut = error == asio::error::eof || error == asio::ssl::error::stream_truncated;
      finish_socket(stream_.next_layer(), ended || cut, std::move(done));
    });
  }
  void close(bool reset) override { end_socket(stream_.next_layer(), reset); }
  std::string address() const override { return address_; }

 private:
  std::shared_ptr<asio::ssl::context> context_;
  std::string address_;
  asio::ssl::stream<Socket> stream_;
};

}  // namespace

std::unique_ptr<ByteStream> make_byte_stream(asio::io_context& io, int fd, bool ipv6,
                                             std::shared_ptr<asio::ssl::context> tls) {
  Socket socket(io);
  error_code ignored;  // a socket that broke in the meantime is found out by the first read
  socket.assign(ipv6 ? tcp::v6() : tcp::v4(), fd, ignored);
  socket.set_option(tcp::no_delay(true), ignored);
  if (tls == nullptr) return std::make_unique<PlainStream>(std::move(socket));
  return std::make_unique<TlsStream>(std::move(socket), std::move(tls));
}

}  // namespace cordyna::server
