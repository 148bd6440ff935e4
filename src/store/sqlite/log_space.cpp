#include "store/sqlite/log_space.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>

namespace cordyna::sqlite {
namespace {

constexpr std::int64_t kWorthwhileBytes = std::int64_t{128}
                                          << 10;  // used by a run that goes on for a while
constexpr std::int64_t kMarginBytes = std::int64_t{256} << 10;  // more than most commits write
constexpr std::int64_t kStepBytesMin = std::int64_t{256} << 10;
constexpr std::int64_t kStepBytesMax = std::int64_t{1} << 20;

}  // namespace

LogSpace::LogSpace(std::string log_path) : path_(std::move(log_path)) {}

LogSpace::~LogSpace() {
  if (fd_ >= 0) ::close(fd_);
}

std::int64_t LogSpace::size_now() {
  struct stat info{};
  return ::fstat(fd_, &info) == 0 ? info.st_size : 0;
}

void LogSpace::keep_ahead(std::int64_t used_bytes) {
  if (given_up_ || used_bytes < kWorthwhileBytes || used_bytes + kMarginBytes <= size_) return;
  if (fd_ < 0) fd_ = ::open(path_.c_str(), O_WRONLY | O_CLOEXEC | O_NOFOLLOW);
  if (fd_ < 0) {
    given_up_ = true;
    return;
  }
  // SQLite may have made it longer, or cut it after a checkpoint: only what it has now counts.
  size_ = size_now();
  static constexpr std::array<char, 65536> kZeros{};
  const std::int64_t wanted =
      used_bytes + kMarginBytes + std::clamp(used_bytes, kStepBytesMin, kStepBytesMax);
  while (size_ < wanted && !given_up_) {
    const auto bytes =
        static_cast<std::size_t>(std::min<std::int64_t>(wanted - size_, kZeros.size()));
    const ssize_t written = ::pwrite(fd_, kZeros.data(), bytes, size_);
    given_up_ = written <= 0;
    if (written > 0) size_ += written;
  }
}

}  // namespace cordyna::sqlite
