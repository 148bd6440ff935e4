/// Calls of one path that wait until their events are kept.
///
/// The server's thread lays them down, the input's takes them. Threads: any.
#pragma once

#include <condition_variable>
#include <cstddef>
#include <deque>
#include <mutex>
#include <stop_token>
#include <vector>

#include "cordyna/event.hpp"
#include "server/http/http_server.hpp"

namespace cordyna::input {

struct WaitingCall {
  Event event;
  server::Respond respond;
};

class Desk {
 public:
  static constexpr std::size_t kCallsMax = 1000;                   ///< that wait
  static constexpr std::size_t kBytesMax = std::size_t{64} << 20;  ///< of their data
  /// Of one take: they are kept in one transaction, and nothing else goes on meanwhile.
  static constexpr std::size_t kTakeBytes = std::size_t{256} << 10;

  void open();
  /// Who waits, and who comes later, is answered with 503.
  void close();
  /// Answers at once with 503 where it is closed, or full.
  void lay(WaitingCall call);
  /// Waits for calls; none: the stop.
  [[nodiscard]] std::vector<WaitingCall> take(const std::stop_token& stop);

 private:
  std::mutex mutex_;
  std::condition_variable_any there_;
  bool open_ = false;              // guarded by mutex_
  std::size_t bytes_ = 0;          // guarded by mutex_
  std::deque<WaitingCall> calls_;  // guarded by mutex_
};

}  // namespace cordyna::input
