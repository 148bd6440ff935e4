#include "secrets/private_file.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <thread>
#include <utility>

#include "base/wipe.hpp"

namespace cordyna {
namespace {

constexpr int kLockPollMs = 10;

/// What messages begin with.
struct Subject {
  std::string_view what;
  const std::string& path;

  [[nodiscard]] std::unexpected<Error> refuse(std::string_view why) const {
    return fail(ErrorCode::kUnavailable, fmt::format("{} {}: {}", what, path, why));
  }
  [[nodiscard]] std::unexpected<Error> refuse(int error) const {
    return refuse(std::string_view(std::strerror(error)));
  }
};

std::string size_text(std::size_t bytes) {
  return bytes % (1 << 20) == 0 ? fmt::format("{} MiB", bytes >> 20)
                                : fmt::format("{} KiB", bytes >> 10);
}

/// Errors where somebody else could know what is in the file, or could have written it.
Result<> check_owner(const Subject& subject, const struct stat& info, std::size_t bytes_max) {
  if (!S_ISREG(info.st_mode)) return subject.refuse("it is not a regular file");
  if (info.st_uid != geteuid()) {
    return subject.refuse(
        fmt::format("it belongs to user {}, not to you (user {}); only your own secrets are read",
                    info.st_uid, geteuid()));
  }
  const unsigned mode = info.st_mode & 07777U;
  if ((mode & 077U) != 0) {
    return subject.refuse(
        fmt::format("mode {:04o} lets others read it; chmod 600 {}", mode, subject.path));
  }
  if (static_cast<std::size_t>(info.st_size) > bytes_max) {
    return subject.refuse(fmt::format("it is larger than {}", size_text(bytes_max)));
  }
  return {};
}

/// 0 or errno.
int write_all(int fd, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t count = ::write(fd, bytes.data(), bytes.size());
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return errno;
    bytes.remove_prefix(static_cast<std::size_t>(count));
  }
  return ::fsync(fd) == 0 ? 0 : errno;
}

/// So that a rename in it is not undone by a power cut; 0 or errno.
int sync_folder_of(const std::string& path) {
  const std::string folder = path.substr(0, std::max<std::size_t>(path.rfind('/'), 1));
  const Descriptor opened(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  return opened.get() >= 0 && ::fsync(opened.get()) == 0 ? 0 : errno;
}

}  // namespace

Descriptor::~Descriptor() {
  if (fd_ >= 0) ::close(fd_);
}

Descriptor::Descriptor(Descriptor&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}

Result<std::optional<std::string>> read_private_file(const std::string& path, std::string_view what,
                                                     std::size_t bytes_max) {
  const Subject subject{what, path};
  // What is checked is what is read: one descriptor for both.
  const Descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY));
  if (file.get() < 0) {
    if (errno == ENOENT || errno == ENOTDIR) return std::nullopt;
    return subject.refuse(errno);
  }
  struct stat info{};
  if (::fstat(file.get(), &info) != 0) return subject.refuse(errno);
  TRY(check_owner(subject, info, bytes_max));
  // One buffer of one byte more than the limit: growing would leave copies of secrets behind.
  std::string content(std::min(static_cast<std::size_t>(info.st_size), bytes_max) + 1, '\0');
  std::size_t size = 0;
  while (size < content.size()) {
    const ssize_t count = ::read(file.get(), content.data() + size, content.size() - size);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return subject.refuse(errno);
    if (count == 0) break;
    size += static_cast<std::size_t>(count);
  }
  if (size == content.size()) {
    wipe_secret(content);
    return subject.refuse("it grows while it is read; try again");
  }
  content.resize(size);
  return content;
}

Result<> replace_private_file(const std::string& path, std::string_view what,
                              std::string_view content) {
  const Subject subject{what, path};
  const std::string staged = path + ".new";
  ::unlink(staged.c_str());  // left by one that was killed: we hold the lock
  int error = 0;
  {
    const Descriptor file(
        ::open(staged.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600));
    if (file.get() < 0) return subject.refuse(errno);
    error = write_all(file.get(), content);
  }
  if (error == 0 && ::rename(staged.c_str(), path.c_str()) != 0) error = errno;
  if (error != 0) {
    ::unlink(staged.c_str());
    return subject.refuse(error);
  }
  error = sync_folder_of(path);
  if (error != 0) return subject.refuse(error);
  return {};
}

Result<Descriptor> lock_file(const std::string& path, std::string_view what, int patience_ms) {
  const Subject subject{what, path};
  Descriptor file(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600));
  if (file.get() < 0) return subject.refuse(errno);
  for (int waited = 0; ::flock(file.get(), LOCK_EX | LOCK_NB) != 0; waited += kLockPollMs) {
    if (errno != EWOULDBLOCK && errno != EINTR) return subject.refuse(errno);
    if (waited >= patience_ms) return subject.refuse("another process holds it; try again");
    std::this_thread::sleep_for(std::chrono::milliseconds(kLockPollMs));
  }
  return file;
}

}  // namespace cordyna
