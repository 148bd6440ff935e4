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
};

/// Blocks SIGINT, SIGTERM, SIGHUP and SIGWINCH in this thread and all it starts; ignores SIGPIPE.
class Signals {
 public:
  Signals();
  /// Opens them again for this thread.
  ~Signals();
  Signals(const Signals&) = delete;
  Signals& operator=(const Signals&) = delete;

  [[nodiscard]] int fd() const { return fd_.get(); }
  /// The next one that came; nullopt: none.
  [[nodiscard]] std::optional<Signal> next();

 private:
  Fd fd_;
};

}  // namespace cordyna::cli
