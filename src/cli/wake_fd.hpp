/// A descriptor that becomes readable when somebody says so, and stays it.
#pragma once

#include "cli/unix_socket.hpp"

namespace cordyna::cli {

/// Threads: raise() from any.
class WakeFd {
 public:
  WakeFd();
  [[nodiscard]] int get() const { return fd_.get(); }
  void raise() const;

 private:
  Fd fd_;
};

}  // namespace cordyna::cli
