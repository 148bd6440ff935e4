/// What goes out: frames of all sockets, those that are opened and closed, and signs of life.
/// Internal to this folder.
///
/// Threads: one.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "redis/connection.hpp"
#include "server/redis/stream_board.hpp"
#include "server/redis/stream_sockets.hpp"

namespace cordyna::server {

class StreamWriter {
 public:
  /// Borrows all. `process`: names what is of this process alone.
  StreamWriter(const std::shared_ptr<Board>& board, const StreamSettings& settings,
               const StreamCalls& calls, redis::Connection& connection, std::string process);

  /// Removes what one before has left, so that its servers come anew.
  [[nodiscard]] redis::Answer<> begin();
  /// Until the board is over, or Redis is not there: why.
  redis::Fault run();

 private:
  using Session = std::shared_ptr<StreamSession>;
  /// What is done with the answer to a command.
  struct Step {
    redis::Words words;
    std::move_only_function<void(const redis::Answer<redis::Reply>&)> answered{};
  };
  struct Outgoing {
    Session session;
    std::vector<std::string> frames;
    StreamSession::End end = StreamSession::End::kOpen;
  };
  struct Turn {
    std::vector<Knock> knocks;
    std::vector<Outgoing> outgoing;
  };

  /// Waits until there is something to do. Nullopt: it is over.
  std::optional<Turn> wait();
  void open(const Knock& who);
  void send(Outgoing& what);
  void look(const Session& session);
  void lost(const Session& session);
  void over(const Session& session);
  [[nodiscard]] redis::Answer<> perform();
  void live();
  [[nodiscard]] bool may_open(const Knock& who) const;

  std::shared_ptr<Board> board_;
  const StreamSettings& settings_;
  const StreamCalls& calls_;
  redis::Connection& connection_;
  std::string process_;
  StreamKeys keys_;
  std::vector<Step> steps_;
  bool nudges_ = false;  // the reader has to look at what has changed
};

}  // namespace cordyna::server
