/// How many events are under way, and the waiting for room for more.
///
/// Those that are being asked for, and those that are saved and have not ended, count together.
/// Threads: any.
#pragma once

#include <condition_variable>
#include <cstddef>
#include <mutex>
#include <stop_token>

namespace cordyna::embed {

class Room {
 public:
  /// `open`: those that are there already.
  Room(std::size_t most, std::size_t open) : most_(most), open_(open) {}

  /// Waits until there is room for `count` more, or none is under way. False: `stop` came first.
  [[nodiscard]] bool take(std::size_t count, const std::stop_token& stop);
  /// They have their answer: those that are saved are `begun` by now.
  void settle(std::size_t count);
  /// Saved.
  void begin(std::size_t count);
  /// Their runs have ended, or never begin.
  void end(std::size_t count);

 private:
  std::mutex mutex_;
  std::condition_variable_any changed_;
  std::size_t most_;
  std::size_t asked_ = 0;
  std::size_t open_;
};

}  // namespace cordyna::embed
