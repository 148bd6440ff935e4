/// One connection to a Redis server: a command, and its answer, by RESP2.
///
/// TCP, TLS and sockets are those of `http/stream.hpp`; answers are read by hiredis. Blocks.
/// Threads: one.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/time.hpp"
#include "redis/reply.hpp"

namespace cordyna::redis {

inline constexpr std::size_t kReplyBytesMax = std::size_t{256} << 20;

/// A command: its name and what it is about, any bytes.
using Words = std::vector<std::string>;

struct Target {
  std::string host{};  ///< or, with a slash in front, a Unix socket
  std::uint16_t port = 6'379;
  bool tls = false;
  std::string ca_file{};
  std::string user{};
  std::string password{};  ///< empty: nobody logs in
  std::uint32_t database = 0;
  Millis connect_ms = 10'000;
  Millis idle_ms = 30'000;  ///< without a byte of an answer
  int cancel_fd = -1;       ///< readable: give up, with kCancelled

  /// "redis1:6379", or the path of a socket: for messages.
  [[nodiscard]] std::string text() const;
};

/// "redis://user@host:6379/0", or rediss:// for TLS; user, port and database may be missing.
/// Errors: kInvalidArgument, not quoting it: it is none, or has a password.
[[nodiscard]] Result<Target> parse_target(std::string_view text);

class Connection {
 public:
  /// Connected, logged in, the database chosen.
  [[nodiscard]] static Answer<Connection> open(const Target& target);
  Connection(Connection&&) noexcept;
  Connection& operator=(Connection&&) noexcept;
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;
  ~Connection();

  /// Words may hold any bytes. After a fault without a word the connection is of no use any more.
  [[nodiscard]] Answer<Reply> ask(std::span<const std::string> words);
  [[nodiscard]] Answer<Reply> ask(std::initializer_list<std::string> words) {
    return ask(std::span(words.begin(), words.size()));
  }
  /// All are sent before the first answer is read; as many answers, in order. The fault of the
  /// whole is one without a word: then nobody knows which were carried out.
  [[nodiscard]] Answer<std::vector<Answer<Reply>>> ask_all(std::span<const Words> commands);
  /// The next answer that nothing was asked for: of a connection that has subscribed.
  [[nodiscard]] Answer<Reply> next();

 private:
  struct State;
  explicit Connection(std::unique_ptr<State> state);

  std::unique_ptr<State> state_;
};

}  // namespace cordyna::redis
