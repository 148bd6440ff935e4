#include "store/sqlite/state_folder.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <csignal>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <sstream>

namespace cordyna::sqlite {
namespace {

constexpr std::uint64_t kFuse = 0x65735546;

struct NetworkType {
  std::uint64_t type;
  std::string_view name;
};

// From statfs(2) and linux/magic.h.
constexpr std::array kNetworkTypes{
    NetworkType{0x6969, "NFS"},      NetworkType{0x517B, "SMB"},
    NetworkType{0xFF534D42, "CIFS"}, NetworkType{0xFE534D42, "SMB2"},
    NetworkType{0x00C36400, "Ceph"}, NetworkType{0x0BD00BD0, "Lustre"},
    NetworkType{0x01021997, "9p"},   NetworkType{0x5346414F, "AFS"},
    NetworkType{0x6B414653, "AFS"},  NetworkType{0x73757245, "Coda"},
    NetworkType{0x01161970, "GFS2"}, NetworkType{0x7461636F, "OCFS2"},
    NetworkType{0x47504653, "GPFS"}, NetworkType{0x564C, "NCP"},
};

constexpr std::array kLocalFuse{
    std::string_view("fuseblk"),      std::string_view("fuse.fuse-overlayfs"),
    std::string_view("fuse.bindfs"),  std::string_view("fuse.gocryptfs"),
    std::string_view("fuse.encfs"),   std::string_view("fuse.mergerfs"),
    std::string_view("fuse.ntfs-3g"), std::string_view("fuse.lowntfs-3g"),
    std::string_view("fuse.ext4"),    std::string_view("fuse.fuse2fs"),
};

std::unexpected<Error> unavailable(const std::string& folder, std::string_view what, int error) {
  return fail(ErrorCode::kUnavailable,
              fmt::format("state folder '{}' {}: {}", folder, what, std::strerror(error)));
}

// The file system's name in the mount table, by device. A line: "id parent major:minor root
// mount-point options [tags] - name source options".
std::string mount_name(const std::string& folder) {
  struct stat info{};
  if (::stat(folder.c_str(), &info) != 0) return {};
  const std::string device = fmt::format("{}:{}", major(info.st_dev), minor(info.st_dev));
  std::ifstream mounts("/proc/self/mountinfo");
  for (std::string line; std::getline(mounts, line);) {
    std::istringstream fields(line);
    std::string id;
    std::string parent;
    std::string number;
    fields >> id >> parent >> number;
    const std::size_t dash = line.find(" - ");
    if (number != device || dash == std::string::npos) continue;
    const std::size_t name = dash + 3;
    return line.substr(name, line.find(' ', name) - name);
  }
  return {};
}

// The pid that the owner wrote. Nullopt: none that lives, as when it has only just taken the lock.
std::optional<pid_t> owner_pid(int fd) {
  std::array<char, 32> text{};
  const ssize_t size = ::pread(fd, text.data(), text.size(), 0);
  pid_t pid = 0;
  if (size <= 0 || std::from_chars(text.data(), text.data() + size, pid).ec != std::errc()) {
    return std::nullopt;
  }
  if (pid <= 0 || (::kill(pid, 0) != 0 && errno == ESRCH)) return std::nullopt;
  return pid;
}

std::unexpected<Error> owned(const std::string& folder, int fd) {
  const std::optional<pid_t> pid = owner_pid(fd);
  const std::string owner =
      pid.has_value() ? fmt::format("process {}", *pid) : std::string("another process");
  return fail(
      ErrorCode::kConflict,
      fmt::format("state folder '{}' is owned by {}: wait for it, or end it", folder, owner));
}

std::string boot_id() {
  std::ifstream file("/proc/sys/kernel/random/boot_id");
  std::string id;
  file >> id;
  return id;
}

std::string lock_text(int fd) {
  std::array<char, 256> text{};
  const ssize_t size = ::pread(fd, text.data(), text.size(), 0);
  return {text.data(), static_cast<std::size_t>(std::max<ssize_t>(size, 0))};
}

/// What the file of the lock says; of anything else than what we write: nothing.
struct Said {
  std::string boot;
  std::uint64_t inode = 0;
  RunNo numbers_from = 0;
  std::string left;  ///< of a good end
};

Said parse_lock(const std::string& text) {
  std::istringstream words(text);
  std::string first;
  Said said;
  if (!(words >> first >> said.boot >> said.inode >> said.numbers_from)) return {};
  std::getline(words >> std::ws, said.left);
  return said;
}

/// What tells whether a file is as it was.
std::string left_text(const struct stat& file) {
  return fmt::format("{} {}.{}", file.st_size, file.st_mtim.tv_sec, file.st_mtim.tv_nsec);
}

}  // namespace

std::optional<std::string> network_file_system(std::uint64_t type, std::string_view fuse_name) {
  if (type == kFuse) {
    if (std::ranges::find(kLocalFuse, fuse_name) != kLocalFuse.end()) return std::nullopt;
    return fuse_name.empty() ? "fuse" : std::string(fuse_name);
  }
  const auto found = std::ranges::find(kNetworkTypes, type, &NetworkType::type);
  if (found == kNetworkTypes.end()) return std::nullopt;
  return std::string(found->name);
}

Result<> prepare_folder(const StateLayout& layout) {
  const std::string& folder = layout.folder();
  if (::mkdir(folder.c_str(), 0700) != 0 && errno != EEXIST) {
    return unavailable(folder, "cannot be made", errno);
  }
  struct statfs info{};
  if (::statfs(folder.c_str(), &info) != 0) return unavailable(folder, "cannot be read", errno);
  // f_type is signed and narrower on some machines; magic numbers are 32 bits.
  const std::uint64_t type = static_cast<std::uint32_t>(info.f_type);
  const auto network = network_file_system(type, type == kFuse ? mount_name(folder) : "");
  if (network.has_value()) {
    return fail(ErrorCode::kUnavailable,
                fmt::format("state folder '{}' lies on a network file system ({}), where two "
                            "owners could damage the state: choose a local folder",
                            folder, *network));
  }
  return {};
}

Result<OwnerLock> OwnerLock::take(const StateLayout& layout) {
  const std::string path = layout.owner_lock();
  const int fd = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
  if (fd < 0) return unavailable(layout.folder(), "cannot be written", errno);
  if (::flock(fd, LOCK_EX | LOCK_NB) != 0) {
    const int error = errno;
    const auto refused = error == EWOULDBLOCK
                             ? owned(layout.folder(), fd)
                             : unavailable(layout.folder(), "cannot be locked", error);
    ::close(fd);
    return refused;
  }
  OwnerLock lock(fd, layout.database(), lock_text(fd));
  const std::string pid = fmt::format("{}\n", ::getpid());
  if (::ftruncate(fd, 0) != 0 ||
      ::pwrite(fd, pid.data(), pid.size(), 0) != static_cast<ssize_t>(pid.size())) {
    return unavailable(layout.folder(), "cannot be written", errno);
  }
  return lock;
}

Trust OwnerLock::trust() const {
  const Said said = parse_lock(before_);
  struct stat file{};
  const bool known = !said.boot.empty() && said.boot == boot_id() &&
                     ::stat(database_.c_str(), &file) == 0 && said.inode == file.st_ino;
  if (!known) return Trust::kUncertain;
  if (said.left.empty()) return Trust::kCutShort;
  return said.left == left_text(file) ? Trust::kWhole : Trust::kUncertain;
}

RunNo OwnerLock::numbers_from() const {
  return parse_lock(before_).numbers_from;
}

void OwnerLock::found_good(RunNo numbers_from) {
  struct stat file{};
  if (::stat(database_.c_str(), &file) != 0) return;
  numbers_from_ = numbers_from;
  good_ = true;
  write(fmt::format("{} {} {} {}\n", ::getpid(), boot_id(), file.st_ino, numbers_from_));
}

// Errors leave a text that says less, which costs the next owner a check.
void OwnerLock::write(const std::string& text) const {
  if (::ftruncate(fd_, 0) != 0) return;
  [[maybe_unused]] const ssize_t written = ::pwrite(fd_, text.data(), text.size(), 0);
}

OwnerLock::~OwnerLock() {
  if (fd_ < 0) return;
  struct stat file{};
  if (!good_ || ::stat(database_.c_str(), &file) != 0) {
    write(before_);
  } else {
    // With a log that could not be copied (a reader was in the way) the file alone is not all.
    struct stat log{};
    const bool whole = ::stat((database_ + "-wal").c_str(), &log) == 0 && log.st_size == 0;
    write(fmt::format("ended {} {} {}{}\n", boot_id(), file.st_ino, numbers_from_,
                      whole ? " " + left_text(file) : ""));
  }
  ::close(fd_);
}

RunNo last_run_folder(const StateLayout& layout) {
  RunNo last = 0;
  std::error_code error;
  std::filesystem::directory_iterator at(layout.folder() + "/runs", error);
  for (; !error && at != std::filesystem::directory_iterator(); at.increment(error)) {
    const std::string name = at->path().filename().string();
    const char* const end = name.data() + name.size();
    RunNo no = 0;
    const auto parsed = std::from_chars(name.data(), end, no);
    if (parsed.ec == std::errc() && parsed.ptr == end) last = std::max(last, no);
  }
  return last;
}

Result<> settle(const std::string& path) {
  const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0) {
    if (errno == ENOENT) return {};
    return fail(ErrorCode::kUnavailable,
                fmt::format("state file '{}' cannot be opened: {}", path, std::strerror(errno)));
  }
  const int rc = ::fdatasync(fd);
  const int error = errno;
  if (rc == 0) ::posix_fadvise(fd, 0, 0, POSIX_FADV_DONTNEED);
  ::close(fd);
  if (rc == 0) return {};
  return fail(ErrorCode::kUnavailable,
              fmt::format("state file '{}' could not be written to the disk: {}", path,
                          std::strerror(error)));
}

}  // namespace cordyna::sqlite
