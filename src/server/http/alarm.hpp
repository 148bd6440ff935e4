/// Rings once when its time has come.
///
/// Made for times that are put off again and again, as each request does: putting off costs a look
/// at the clock, and no system call. Internal to this folder. Threads: the server's.
#pragma once

#include <functional>
#include <memory>

#include "base/time.hpp"

namespace boost::asio {
class io_context;  // NOLINT(readability-identifier-naming): the name is theirs
}

namespace cordyna::server {

class Alarm {
 public:
  Alarm(boost::asio::io_context& io, std::function<void()> ring);
  ~Alarm();
  Alarm(const Alarm&) = delete;
  Alarm& operator=(const Alarm&) = delete;

  /// In place of any time before.
  void set(Millis from_now);
  void stop();

 private:
  struct State;
  static void arm(const std::shared_ptr<State>& state);
  std::shared_ptr<State> state_;
};

}  // namespace cordyna::server
