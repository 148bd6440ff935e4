/// A stream socket in a folder, for its owner only.
#pragma once

#include <string>

#include "base/result.hpp"

namespace cordyna::cli {

/// A file descriptor that closes itself.
class Fd {
 public:
  Fd() = default;
  explicit Fd(int fd) : fd_(fd) {}
  ~Fd() { reset(); }
  Fd(Fd&& other) noexcept : fd_(other.release()) {}
  Fd& operator=(Fd&& other) noexcept;
  Fd(const Fd&) = delete;
  Fd& operator=(const Fd&) = delete;

  [[nodiscard]] int get() const { return fd_; }
  [[nodiscard]] bool valid() const { return fd_ >= 0; }
  int release();
  void reset();

 private:
  int fd_ = -1;
};

/// Listens at folder/name, mode 0600, in place of whatever lies there. Paths of any length work.
/// Errors: kUnavailable.
[[nodiscard]] Result<Fd> listen_at(const std::string& path);
/// Non-blocking afterwards. Errors: kUnavailable: nobody listens there.
[[nodiscard]] Result<Fd> connect_to(const std::string& path);
/// The next caller of the same user (or root); invalid: none is waiting, or it was refused.
[[nodiscard]] Fd accept_from(int listener);

/// Who is at the other end: the name of a user, or its number.
[[nodiscard]] std::string peer_name(int fd);

}  // namespace cordyna::cli
