/// Files that nobody but their owner can read or write: read whole, replaced whole.
///
/// Errors: kUnavailable, with `what` ("secrets file") and the path in front. Threads: any.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.hpp"

namespace cordyna {

/// Owns a descriptor; -1: none.
class Descriptor {
 public:
  explicit Descriptor(int fd) : fd_(fd) {}
  ~Descriptor();
  Descriptor(Descriptor&& other) noexcept;
  Descriptor& operator=(Descriptor&&) = delete;
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  [[nodiscard]] int get() const { return fd_; }

 private:
  int fd_;
};

/// Nullopt: there is no such file. Refused: one that others can read or write, that belongs to
/// another user, that is no regular file, or that has more than `bytes_max`.
[[nodiscard]] Result<std::optional<std::string>> read_private_file(const std::string& path,
                                                                   std::string_view what,
                                                                   std::size_t bytes_max);

/// The new content, or the old one, also after a power cut; mode 0600. Only for who holds the lock
/// that all writers of this file take.
[[nodiscard]] Result<> replace_private_file(const std::string& path, std::string_view what,
                                            std::string_view content);

/// A lock between processes and threads, free when the descriptor is closed. Waits for another
/// holder, but not longer than `patience_ms`.
[[nodiscard]] Result<Descriptor> lock_file(const std::string& path, std::string_view what,
                                           int patience_ms);

}  // namespace cordyna
