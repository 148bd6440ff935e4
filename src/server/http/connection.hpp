/// One connection: reads a request, has it answered, writes the answer, and again.
///
/// One request at a time. What a client sends ahead waits in a buffer of bounded size, or with the
/// client. A client that ends its side while it waits for an answer or follows a stream counts as
/// gone. An answer may turn it into a WebSocket; then it only keeps the stream for that. Internal
/// to this folder. Threads: the server's.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "server/http/alarm.hpp"
#include "server/http/byte_stream.hpp"
#include "server/http/request_reader.hpp"
#include "server/http/responder.hpp"
#include "server/http/websocket_session.hpp"

namespace cordyna::server {

class Connection;

/// The server, as its connections see it. Not used by a connection that was closed.
class ConnectionHost {
 public:
  ConnectionHost() = default;
  ConnectionHost(const ConnectionHost&) = delete;
  ConnectionHost& operator=(const ConnectionHost&) = delete;
  virtual ~ConnectionHost() = default;
  [[nodiscard]] virtual HttpHandler& handler() = 0;
  [[nodiscard]] virtual const HttpLimits& limits() const = 0;
  [[nodiscard]] virtual const ReaderRules& rules() const = 0;
  [[nodiscard]] virtual const std::shared_ptr<Mailbox>& mailbox() const = 0;
  [[nodiscard]] virtual std::string_view date() = 0;
  [[nodiscard]] virtual bool is_draining() const = 0;
  virtual void count_request() = 0;
  /// Once for each connection, as the last thing it does.
  virtual void forget(Connection& connection) = 0;
};

class Connection final : public AnswerTaker,
                         private WebSocketOwner,
                         public std::enable_shared_from_this<Connection> {
 public:
  Connection(ConnectionHost& host, boost::asio::io_context& io, std::unique_ptr<ByteStream> stream);
  ~Connection() override;

  /// `refused`: is answered with 503, without being read, and closed.
  void start(bool refused);
  /// Idle: closed now. At work: after the answer in hand; a stream at once, a WebSocket after what
  /// was sent.
  void drain();
  /// The server goes: closed now. Once its thread has ended.
  void end();

  void take_answer(std::uint64_t request, Answer answer) override;

 private:
  enum class State : std::uint8_t {
    kBegin,     ///< TLS
    kHead,      ///< waits for a request, or for the end of its head
    kContinue,  ///< writes "100 Continue"
    kBody,
    kHandling,
    kWriting,
    kStreaming,  ///< writes pieces of a source, or waits for the next
    kWebSocket,
    kFinishing,  ///< waits until the client has closed
    kClosed,
  };
  enum class Wait : std::uint8_t { kNone, kIdle, kHead, kBody };

  // Reading.
  [[nodiscard]] std::string_view buffered() const { return {in_.data() + begin_, end_ - begin_}; }
  void begin_request();
  void advance();
  void want_more();
  [[nodiscard]] bool read();
  void on_read(std::size_t bytes);
  void head_is_there();
  void handle();
  void refuse(int status, std::string_view detail);

  // Writing.
  [[nodiscard]] Answer problem(int status, std::string_view detail, const Asked& asked);
  void send(Answer answer);
  void write_slice();
  void on_written(bool fine);
  void answer_is_out();

  // Streaming.
  [[nodiscard]] bool prepare_source();
  void pull();
  void act_on_pulled();
  void wait_for_news();
  void show_life();
  void woken(std::uint64_t request);
  void end_stream(bool whole);

  // As a WebSocket.
  void begin_websocket();
  void read_for_websocket();
  void websocket_ended(bool in_order) override;

  void on_alarm();
  void finish();
  void close(bool reset);

  ConnectionHost& host_;
  boost::asio::io_context& io_;
  std::unique_ptr<ByteStream> stream_;
  Alarm alarm_;
  State state_ = State::kBegin;
  Wait wait_ = Wait::kNone;  ///< what the alarm was set for while reading

  std::vector<char> in_;
  std::size_t begin_ = 0;
  std::size_t end_ = 0;
  bool reading_ = false;
  bool ended_ = false;  ///< the client ended its side
  std::optional<RequestReader> reader_;

  std::uint64_t request_ = 0;  ///< counts; answers carry it
  Asked asked_;                ///< of that one
  bool in_handler_ = false;
  std::optional<Answer> answer_;  ///< given within the handler

  std::string out_head_;
  std::string out_body_;
  std::size_t out_begin_ = 0;  ///< in out_body_
  bool close_after_ = false;

  std::unique_ptr<BodySource> source_;
  BodySource::Pulled pulled_ = BodySource::Pulled::kMore;
  bool chunked_ = false;
  bool woken_ = false;    ///< since the last pull began
  bool waiting_ = false;  ///< nothing to write until woken

  bool outlives_drain_ = false;                  ///< of websocket_
  std::unique_ptr<WebSocketSession> websocket_;  ///< since its 101; it goes with the connection
};

}  // namespace cordyna::server
