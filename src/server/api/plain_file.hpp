/// A file that a task left, read without trusting the task.
#pragma once

#include <fcntl.h>
#include <unistd.h>

#include <cstddef>
#include <cstdint>
#include <string>

namespace cordyna::server {

/// Only a plain file: what a task may have put in its place is not followed.
class PlainFile {
 public:
  explicit PlainFile(const std::string& path)
      : fd_(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK)) {}
  ~PlainFile() {
    if (fd_ >= 0) ::close(fd_);
  }
  PlainFile(const PlainFile&) = delete;
  PlainFile& operator=(const PlainFile&) = delete;

  /// Empty: there is no such file, or nothing so far behind.
  [[nodiscard]] std::string read(std::int64_t from, std::size_t bytes) const {
    std::string out(bytes, '\0');
    const ssize_t got = fd_ < 0 ? 0 : ::pread(fd_, out.data(), bytes, from);
    out.resize(got > 0 ? static_cast<std::size_t>(got) : 0);
    return out;
  }

 private:
  int fd_;
};

}  // namespace cordyna::server
