/// Signals as something to poll for. Make one before any thread: threads inherit what is blocked.
#pragma once

#include <cstdint>
#include <optional>

#include "cli/unix_socket.hpp"

namespace cordyna::cli {

enum class Signal : std::uint8_t {
  kInterrupt,  ///< Ctrl-C
  kLeave,      ///< SIGTERM, SIGHUP: go, and leave running tasks to their guardians
  kResized,
  kReload,  ///< SIGHUP, where it was asked for: read again what may have changed
};

enum class HangUp : std::uint8_t {
  kLeave,
  /// As services take it. But a terminal that goes tells its programs by the same signal: where
  /// there was one when this was made and it has gone, or the system itself sends it, it is kLeave.
  kReload,
};

/// Blocks SIGINT, SIGTERM, SIGHUP and SIGWINCH in this thread and all it starts; ignores SIGPIPE.
class Signals {
 public:
  explicit Signals(HangUp hang_up = HangUp::kLeave);
  /// Opens them again for this thread.
  ~Signals();
  Signals(const Signals&) = delete;
  Signals& operator=(const Signals&) = delete;

  [[nodiscard]] int fd() const { return fd_.get(); }
  /// The next one that came; nullopt: none.
  [[nodiscard]] std::optional<Signal> next();

 private:
  HangUp hang_up_;
  bool had_terminal_;
  Fd fd_;
};

}  // namespace cordyna::cli
