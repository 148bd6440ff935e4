/// Keeps the write-ahead log longer than what is used of it.
///
/// A commit that makes the file longer has to write the file system's journal too, with whatever
/// else stands in it, before it is durable; one that overwrites blocks which are there already
/// writes only those. Zeros behind the last frame are no frame to SQLite, so they change nothing
/// for readers or for recovery.
///
/// Errors: none; without space the log grows commit by commit, as it would anyway.
/// Threads: the owner's.
#pragma once

#include <cstdint>
#include <string>

namespace cordyna::sqlite {

class LogSpace {
 public:
  explicit LogSpace(std::string log_path);
  ~LogSpace();
  LogSpace(const LogSpace&) = delete;
  LogSpace& operator=(const LogSpace&) = delete;

  /// After a commit that used the log up to `used_bytes`. Short lives (a run of one task) ask for
  /// nothing.
  void keep_ahead(std::int64_t used_bytes);

 private:
  [[nodiscard]] std::int64_t size_now();

  std::string path_;
  std::int64_t size_ = 0;
  int fd_ = -1;
  bool given_up_ = false;
};

}  // namespace cordyna::sqlite
