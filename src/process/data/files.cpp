#include "process/data/files.hpp"

#include <dirent.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <system_error>
#include <utility>
#include <vector>

namespace cordyna::data {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kStagingEnding = ".dyna-share";
constexpr std::string_view kNoSpaceText = "No space left on device";

std::unexpected<Error> failed(std::string_view what, const std::string& path, int error) {
  const ErrorCode code = error == ENOENT ? ErrorCode::kNotFound : ErrorCode::kUnavailable;
  return fail(code, fmt::format("{} {}: {}", what, path, std::strerror(error)));
}

Result<> write_all(int fd, std::string_view content, const std::string& path) {
  while (!content.empty()) {
    const ssize_t n = write(fd, content.data(), content.size());
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return failed("cannot write", path, errno);
    content.remove_prefix(static_cast<std::size_t>(n));
  }
  return {};
}

Result<> sync_folder_of(const std::string& path) {
  const std::string folder = fs::path(path).parent_path().string();
  const int fd = open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (fd < 0) return failed("cannot open", folder, errno);
  const int result = fsync(fd);
  const int error = errno;
  close(fd);
  // Some file systems cannot sync a folder; they order renames by themselves.
  if (result != 0 && error != EINVAL && error != ENOTSUP) {
    return failed("cannot sync", folder, error);
  }
  return {};
}

/// Removes staging files of `name` that nobody holds locked.
void remove_leftovers(const std::string& folder, const std::string& name) {
  DIR* listing = opendir(folder.c_str());
  if (listing == nullptr) return;
  const std::string front = "." + name + ".";
  while (const dirent* entry = readdir(listing)) {
    const std::string_view found = entry->d_name;
    if (!found.starts_with(front) || !found.ends_with(kStagingEnding)) continue;
    const std::string path = folder + "/" + std::string(found);
    const int fd = open(path.c_str(), O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0) continue;
    if (flock(fd, LOCK_EX | LOCK_NB) == 0) unlink(path.c_str());
    close(fd);
  }
  closedir(listing);
}

}  // namespace

bool is_no_space(const Error& error) {
  return error.message.find(kNoSpaceText) != std::string::npos ||
         error.message.find(std::strerror(EDQUOT)) != std::string::npos;
}

Result<FileStamp> stamp_file(const std::string& path) {
  // Opened, not only looked at: a file that may not be read is found out before DuckDB starts.
  const int fd = open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (fd < 0) return failed("cannot read", path, errno);
  struct stat found{};
  const int result = fstat(fd, &found);
  const int error = errno;
  close(fd);
  if (result != 0) return failed("cannot read", path, error);
  if (!S_ISREG(found.st_mode)) {
    return fail(ErrorCode::kInvalidArgument,
                fmt::format("{} is {}, not a file", path,
                            S_ISDIR(found.st_mode) ? "a folder" : "a device or pipe"));
  }
  return FileStamp{static_cast<std::uint64_t>(found.st_dev),
                   static_cast<std::uint64_t>(found.st_ino),
                   static_cast<std::int64_t>(found.st_size),
                   std::int64_t{found.st_mtim.tv_sec} * 1'000'000'000 + found.st_mtim.tv_nsec};
}

Result<std::string> read_front(const std::string& path, std::size_t bytes_max) {
  const int fd = open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0) return failed("cannot read", path, errno);
  std::string content;
  std::array<char, 65536> buffer{};
  while (content.size() < bytes_max) {
    const ssize_t n = read(fd, buffer.data(), std::min(buffer.size(), bytes_max - content.size()));
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) {
      const int error = errno;
      close(fd);
      return failed("cannot read", path, error);
    }
    if (n == 0) break;
    content.append(buffer.data(), static_cast<std::size_t>(n));
  }
  close(fd);
  return content;
}

Result<> write_file(const std::string& path, std::string_view content) {
  const int fd = open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  if (fd < 0) return failed("cannot write", path, errno);
  Result<> written = write_all(fd, content, path);
  if (close(fd) != 0 && written.has_value()) return failed("cannot write", path, errno);
  return written;
}

Result<> make_folders(const std::string& path) {
  std::error_code error;
  fs::create_directories(path, error);
  if (error) return failed("cannot make the folder", path, error.value());
  return {};
}

Result<> sync_file(const std::string& path) {
  const int fd = open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0) return failed("cannot open", path, errno);
  const int result = fsync(fd);
  const int error = errno;
  close(fd);
  if (result != 0) return failed("cannot sync", path, error);
  return {};
}

Result<> copy_into(const std::string& from, const std::string& to) {
  const int in = open(from.c_str(), O_RDONLY | O_CLOEXEC);
  if (in < 0) return failed("cannot read", from, errno);
  const int out = open(to.c_str(), O_WRONLY | O_TRUNC | O_CLOEXEC);
  if (out < 0) {
    const int error = errno;
    close(in);
    return failed("cannot write", to, error);
  }
  std::vector<char> buffer(std::size_t{1} << 20);
  Result<> result;
  while (result.has_value()) {
    const ssize_t n = read(in, buffer.data(), buffer.size());
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) result = failed("cannot read", from, errno);
    if (n <= 0) break;
    result = write_all(out, {buffer.data(), static_cast<std::size_t>(n)}, to);
  }
  close(in);
  if (close(out) != 0 && result.has_value()) result = failed("cannot write", to, errno);
  return result;
}

Result<> publish(const std::string& from, const std::string& to) {
  TRY(sync_file(from));
  if (rename(from.c_str(), to.c_str()) != 0) return failed("cannot rename to", to, errno);
  return sync_folder_of(to);
}

Result<> publish_again(const std::string& from, const std::string& to) {
  if (link(from.c_str(), to.c_str()) == 0) return sync_folder_of(to);
  // Another file system, too many names, or one that has no links.
  TRY(write_file(to, ""));
  TRY(copy_into(from, to));
  TRY(sync_file(to));
  return sync_folder_of(to);
}

StagedFile::StagedFile(std::string path, std::string target, int fd)
    : path_(std::move(path)), target_(std::move(target)), fd_(fd) {}

StagedFile::StagedFile(StagedFile&& other) noexcept
    : path_(std::exchange(other.path_, {})),
      target_(std::move(other.target_)),
      fd_(std::exchange(other.fd_, -1)) {}

StagedFile::~StagedFile() {
  if (!path_.empty()) unlink(path_.c_str());
  if (fd_ >= 0) close(fd_);
}

Result<StagedFile> StagedFile::create(const std::string& target) {
  const fs::path place(target);
  const std::string folder = place.parent_path().string();
  const std::string name = place.filename().string();
  std::error_code error;
  if (name.empty() || fs::is_directory(place, error)) {
    return fail(ErrorCode::kInvalidArgument, target + " is a folder, not a file");
  }
  TRY(make_folders(folder));
  remove_leftovers(folder, name);
  const std::string path = fmt::format("{}/.{}.{}{}", folder, name, getpid(), kStagingEnding);
  constexpr int kTries = 10;
  for (int i = 0; i < kTries; ++i) {
    // O_EXCL: a link that somebody put there is not followed. After a crash of a process with the
    // same number the leftover is gone by now.
    const int fd = open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0666);
    if (fd < 0) return failed("cannot write", path, errno);
    struct stat found{};
    // Another share of the same target may take the new file for a leftover before it is locked.
    if (flock(fd, LOCK_EX | LOCK_NB) == 0 && fstat(fd, &found) == 0 && found.st_nlink > 0) {
      return StagedFile(path, target, fd);
    }
    close(fd);
  }
  return fail(ErrorCode::kUnavailable, fmt::format("cannot lock {}", path));
}

Result<> StagedFile::sync() const {
  return sync_file(path_);
}

Result<> StagedFile::commit() {
  if (rename(path_.c_str(), target_.c_str()) != 0) {
    return failed("cannot rename to", target_, errno);
  }
  path_.clear();
  return sync_folder_of(target_);
}

}  // namespace cordyna::data
