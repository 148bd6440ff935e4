#include "process/shell/programs.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <cstring>
#include <filesystem>
#include <utility>
#include <vector>

namespace cordyna::script {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kLockSuffix = ".lock";
constexpr std::string_view kNewSuffix = ".new";

std::unexpected<Error> disk_error(std::string_view what, int error) {
  return fail(ErrorCode::kUnavailable, fmt::format("{}: {}", what, std::strerror(error)));
}

bool is_folder(const std::string& path) {
  struct stat status{};
  return ::lstat(path.c_str(), &status) == 0 && S_ISDIR(status.st_mode);
}

/// Errors: kConflict: in use by another. The file may be removed while we wait for it: then it is
/// as good as another file, and asked for anew.
Result<int> open_locked(const std::string& path, int how) {
  while (true) {
    const int fd = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd < 0) return disk_error(path, errno);
    int locked = 0;
    do {
      locked = ::flock(fd, how);
    } while (locked != 0 && errno == EINTR);
    if (locked != 0) {
      const int error = errno;
      ::close(fd);
      if (error == EWOULDBLOCK) return fail(ErrorCode::kConflict, path + " is in use");
      return disk_error(path, error);
    }
    struct stat ours{};
    struct stat named{};
    if (::fstat(fd, &ours) == 0 && ::stat(path.c_str(), &named) == 0 &&
        ours.st_ino == named.st_ino && ours.st_dev == named.st_dev) {
      return fd;
    }
    ::close(fd);
  }
}

Result<> sync_path(const std::string& path) {
  const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
  if (fd < 0) return disk_error(path, errno);
  const int failed = ::fsync(fd) == 0 ? 0 : errno;
  ::close(fd);
  if (failed != 0) return disk_error(path, failed);
  return {};
}

/// All that the rename vouches for must be on the disk before it.
Result<> sync_tree(const std::string& folder) {
  std::error_code error;
  for (auto at = fs::recursive_directory_iterator(folder, error);
       !error && at != fs::recursive_directory_iterator(); at.increment(error)) {
    if (at->is_symlink(error) || !(at->is_regular_file(error) || at->is_directory(error))) continue;
    TRY(sync_path(at->path().string()));
  }
  if (error) return fail(ErrorCode::kUnavailable, fmt::format("{}: {}", folder, error.message()));
  return sync_path(folder);
}

Millis time_of(const std::string& path) {
  struct stat status{};
  if (::stat(path.c_str(), &status) != 0) return 0;
  return static_cast<Millis>(status.st_mtim.tv_sec) * 1000 + status.st_mtim.tv_nsec / 1'000'000;
}

}  // namespace

Programs::Programs(std::string folder, std::function<void()> waits)
    : folder_(std::move(folder)), waits_(std::move(waits)) {}

Result<int> Programs::lock(const std::string& path, int how) const {
  auto fd = open_locked(path, how | LOCK_NB);
  if (fd.has_value() || fd.error().code != ErrorCode::kConflict) return fd;
  waits_();
  return open_locked(path, how);
}

Result<HeldProgram> Programs::take(const std::string& key, const MakeProgram& make) {
  if (::mkdir(folder_.c_str(), 0700) != 0 && errno != EEXIST) return disk_error(folder_, errno);
  const std::string target = folder_ + "/" + key;
  const std::string path = target + std::string(kLockSuffix);
  while (true) {
    TRY_ASSIGN(const int shared, lock(path, LOCK_SH));
    if (is_folder(target)) {
      ::futimens(shared, nullptr);
      return HeldProgram{target, shared};
    }
    ::close(shared);
    TRY_ASSIGN(const int alone, lock(path, LOCK_EX));
    Result<> made;
    if (!is_folder(target)) made = make_whole(target, make, alone);
    ::futimens(alone, nullptr);
    ::close(alone);
    if (!made.has_value()) return std::unexpected(std::move(made.error()));
    const auto now = std::chrono::system_clock::now().time_since_epoch();
    remove_unused(std::chrono::duration_cast<std::chrono::milliseconds>(now).count());
  }
}

Result<> Programs::make_whole(const std::string& target, const MakeProgram& make, int lock) {
  const std::string fresh = target + std::string(kNewSuffix);
  std::error_code error;
  fs::remove_all(fresh, error);  // of one that was cut short
  if (::mkdir(fresh.c_str(), 0700) != 0) return disk_error(fresh, errno);
  Result<> made = make(fresh, lock);
  if (made.has_value()) made = sync_tree(fresh);
  if (made.has_value() && ::rename(fresh.c_str(), target.c_str()) != 0) {
    made = disk_error(target, errno);
  }
  if (made.has_value()) made = sync_path(folder_);
  if (!made.has_value()) fs::remove_all(fresh, error);
  return made;
}

void Programs::remove_unused(Millis now) {
  std::error_code error;
  std::vector<std::string> locks;
  for (auto at = fs::directory_iterator(folder_, error); !error && at != fs::directory_iterator();
       at.increment(error)) {
    std::string path = at->path().string();
    if (path.ends_with(kLockSuffix)) locks.push_back(std::move(path));
  }
  for (const std::string& path : locks) {
    const std::string target = path.substr(0, path.size() - kLockSuffix.size());
    const Millis most = is_folder(target) ? kProgramUnusedMax : kProgramLeftOverMax;
    if (now - time_of(path) < most) continue;
    const auto held = open_locked(path, LOCK_EX | LOCK_NB);
    if (!held.has_value()) continue;
    // Renamed first: what is only half removed must not look whole.
    const std::string fresh = target + std::string(kNewSuffix);
    fs::remove_all(fresh, error);
    if (is_folder(target)) ::rename(target.c_str(), fresh.c_str());
    fs::remove_all(fresh, error);
    if (!is_folder(target) && !is_folder(fresh)) ::unlink(path.c_str());
    ::close(*held);
  }
}

}  // namespace cordyna::script
