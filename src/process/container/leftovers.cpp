#include "process/container/leftovers.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <utility>

namespace cordyna::container {
namespace {

std::string label_of(const docker::ListedContainer& container, const char* name) {
  const auto found = container.labels.find(name);
  return found == container.labels.end() ? std::string() : found->second;
}

}  // namespace

std::string state_mark(const std::string& state_folder) {
  struct stat info{};
  if (::stat(state_folder.c_str(), &info) != 0) return state_folder;
  return fmt::format("{}@{}-{}", state_folder, info.st_dev, info.st_ino);
}

AttemptLock::~AttemptLock() {
  if (fd_ >= 0) ::close(fd_);
}

AttemptLock::AttemptLock(AttemptLock&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}

Result<AttemptLock> AttemptLock::take(const std::string& path) {
  const int fd = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
  if (fd < 0) {
    return fail(ErrorCode::kUnavailable,
                fmt::format("{} cannot be made: {}", path, std::strerror(errno)));
  }
  AttemptLock lock(fd);
  if (::flock(fd, LOCK_EX | LOCK_NB) != 0) {
    return fail(ErrorCode::kConflict, fmt::format("{} is held by another process", path));
  }
  return lock;
}

bool is_held(const std::string& path) {
  const int fd = ::open(path.c_str(), O_RDWR | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
  if (fd < 0) return errno != ENOENT && errno != ENOTDIR;
  const bool held = ::flock(fd, LOCK_EX | LOCK_NB) != 0;
  ::close(fd);
  return held;
}

Result<int> remove_leftovers(docker::Daemon& daemon, const std::string& state,
                             const std::string& task, const std::string& mine) {
  TRY_ASSIGN(const std::vector<docker::ListedContainer> listed,
             daemon.list(fmt::format("{}={}", kStateLabel, state)));
  int removed = 0;
  for (const docker::ListedContainer& container : listed) {
    if (label_of(container, kAttemptLabel) == mine) continue;
    const bool is_former = label_of(container, kTaskLabel) == task;
    if (!is_former && is_held(label_of(container, kLockLabel))) continue;
    TRY(daemon.remove(container.id));
    ++removed;
  }
  return removed;
}

}  // namespace cordyna::container
