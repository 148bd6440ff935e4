/// What comes: entries of all sockets, handed to their peers.
/// Internal to this folder.
///
/// Threads: one.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "redis/connection.hpp"
#include "server/redis/stream_board.hpp"
#include "server/redis/stream_sockets.hpp"

namespace cordyna::server {

class StreamReader {
 public:
  /// Borrows all.
  StreamReader(const std::shared_ptr<Board>& board, const StreamSettings& settings,
               const StreamCalls& calls, redis::Connection connection, std::string_view process);

  /// Until the board is over, or Redis is not there: why.
  redis::Fault run();

 private:
  using Session = std::shared_ptr<StreamSession>;

  /// Those to be read now; peers of those that are over are told. Nullopt: it is over.
  std::optional<std::vector<Session>> open_ones();
  redis::Answer<> read(const std::vector<Session>& sessions);
  /// Together they have more than one answer may. Who has more than a server ever leaves is cut
  /// off.
  redis::Answer<> find_large(const std::vector<Session>& sessions);
  void take(const Session& session, const redis::Reply& entries);
  /// The frame of an entry; nullopt: there is none, and the socket ends.
  std::optional<std::string> frame_of(StreamSession& session, const redis::Reply& entry);
  void tampered(StreamSession& session, const std::string& what);

  std::shared_ptr<Board> board_;
  const StreamSettings& settings_;
  const StreamCalls& calls_;
  redis::Connection connection_;
  StreamKeys keys_;
  std::string nudges_;
  std::string nudged_ = "0";
  bool is_hurried_ = false;  // some are not read now, since their peers are at what they said
  bool is_careful_ = false;  // a few are read at a time
  std::size_t turn_ = 0;     // whose these are
};

}  // namespace cordyna::server
