#include "process/local/files.hpp"

#include <dirent.h>
#include <fcntl.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <memory>
#include <system_error>

#include "base/check.hpp"
#include "process/local/dir_ptr.hpp"

namespace cordyna::local {
namespace {

constexpr int kDepthMax = 256;
constexpr int kEntriesMax = 1'000'000;

bool is_dots(const char* name) {
  return std::strcmp(name, ".") == 0 || std::strcmp(name, "..") == 0;
}

void remove_entries(Fd folder, int depth, int& budget) {
  const DirPtr dir(fdopendir(folder.get()));
  if (dir == nullptr) return;
  const int fd = folder.release();  // now the DIR's
  while (const dirent* entry = readdir(dir.get())) {
    if (is_dots(entry->d_name)) continue;
    if (--budget < 0) return;
    if (unlinkat(fd, entry->d_name, 0) == 0) continue;
    if (depth < kDepthMax) {
      // A folder that its owner made unreadable; the mode matters to nobody any more.
      Fd inner = open_folder(fd, entry->d_name);
      if (!inner.valid() && errno == EACCES && fchmodat(fd, entry->d_name, 0700, 0) == 0) {
        inner = open_folder(fd, entry->d_name);
      }
      if (inner.valid()) {
        fchmod(inner.get(), 0700);  // it may be read-only, which only root may ignore
        remove_entries(std::move(inner), depth + 1, budget);
      }
    }
    unlinkat(fd, entry->d_name, AT_REMOVEDIR);
  }
}

/// The length of the valid UTF-8 character at the start of `text`; 0: none.
std::size_t utf8_length(std::string_view text) {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  const unsigned char lead = byte(0);
  if (lead < 0x80) return 1;
  std::size_t length = 0;
  unsigned char low = 0x80;
  unsigned char high = 0xbf;
  if (lead >= 0xc2 && lead <= 0xdf) {
    length = 2;
  } else if (lead >= 0xe0 && lead <= 0xef) {
    length = 3;
    if (lead == 0xe0) low = 0xa0;
    if (lead == 0xed) high = 0x9f;
  } else if (lead >= 0xf0 && lead <= 0xf4) {
    length = 4;
    if (lead == 0xf0) low = 0x90;
    if (lead == 0xf4) high = 0x8f;
  }
  if (length == 0 || text.size() < length) return 0;
  if (byte(1) < low || byte(1) > high) return 0;
  for (std::size_t i = 2; i < length; ++i) {
    if (byte(i) < 0x80 || byte(i) > 0xbf) return 0;
  }
  return length;
}

}  // namespace

std::string errno_text(int error) {
  return std::generic_category().message(error);
}

bool is_no_space(int error) {
  return error == ENOSPC || error == EDQUOT;
}

int write_all(int fd, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t written = write(fd, bytes.data(), bytes.size());
    if (written < 0) {
      if (errno == EINTR) continue;
      return errno;
    }
    bytes.remove_prefix(static_cast<std::size_t>(written));
  }
  return 0;
}

int write_new_file(int folder, const char* name, std::string_view content) {
  const Fd file(openat(folder, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600));
  if (!file.valid()) return errno;
  return write_all(file.get(), content);
}

Result<std::string> read_regular_file(int folder, const char* name, std::size_t bytes_max) {
  // O_NONBLOCK: a pipe that a task put there must not hang us.
  const Fd file(openat(folder, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC | O_NOCTTY));
  if (!file.valid()) {
    if (errno == ENOENT) return fail(ErrorCode::kNotFound, std::string(name) + " is not there");
    const bool link = errno == ELOOP;
    return fail(link ? ErrorCode::kInvalidArgument : ErrorCode::kUnavailable,
                std::string(name) + (link ? " is a symbolic link; it must be a regular file"
                                          : ": " + errno_text(errno)));
  }
  struct stat status{};
  if (fstat(file.get(), &status) != 0) {
    return fail(ErrorCode::kUnavailable, std::string(name) + ": " + errno_text(errno));
  }
  if (!S_ISREG(status.st_mode)) {
    return fail(ErrorCode::kInvalidArgument, std::string(name) + " is not a regular file");
  }
  std::string content;
  std::array<char, 16384> buffer;
  while (true) {
    const ssize_t got = read(file.get(), buffer.data(), buffer.size());
    if (got < 0) {
      if (errno == EINTR) continue;
      return fail(ErrorCode::kUnavailable, std::string(name) + ": " + errno_text(errno));
    }
    if (got == 0) return content;
    content.append(buffer.data(), static_cast<std::size_t>(got));
    if (content.size() > bytes_max) {
      return fail(ErrorCode::kInvalidArgument,
                  std::string(name) + " has more than " + std::to_string(bytes_max) + " bytes");
    }
  }
}

std::string read_proc_file(const char* path) {
  const Fd file(open(path, O_RDONLY | O_CLOEXEC));
  std::string content;
  if (!file.valid()) return content;
  std::array<char, 4096> buffer;
  while (true) {
    const ssize_t got = read(file.get(), buffer.data(), buffer.size());
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) return content;
    content.append(buffer.data(), static_cast<std::size_t>(got));
  }
}

Fd open_folder(int parent, const char* name) {
  return Fd(openat(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
}

void remove_tree(int parent, const char* name) {
  if (unlinkat(parent, name, AT_REMOVEDIR) == 0) return;  // empty, as most are
  if (errno != ENOTEMPTY && errno != EEXIST) {
    unlinkat(parent, name, 0);
    return;
  }
  empty_folder(parent, name);
  unlinkat(parent, name, AT_REMOVEDIR);
}

void empty_folder(int parent, const char* name) {
  Fd folder = open_folder(parent, name);
  if (!folder.valid() && errno == EACCES && fchmodat(parent, name, 0700, 0) == 0) {
    folder = open_folder(parent, name);
  }
  int budget = kEntriesMax;
  if (folder.valid()) remove_entries(std::move(folder), 0, budget);
}

sockaddr_un socket_address(const std::string& path, int folder) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::string usable = path;
  if (usable.size() >= sizeof address.sun_path) {
    usable = "/proc/self/fd/" + std::to_string(folder) + path.substr(path.rfind('/'));
  }
  CHECK(usable.size() < sizeof address.sun_path);
  std::memcpy(address.sun_path, usable.data(), usable.size());
  return address;
}

std::string clean_text(std::string_view text, std::size_t bytes_max) {
  std::string clean;
  while (!text.empty()) {
    const std::size_t length = utf8_length(text);
    const std::string_view piece =
        length == 0 ? std::string_view("\xef\xbf\xbd") : text.substr(0, length);
    if (clean.size() + piece.size() > bytes_max) break;
    const auto first = static_cast<unsigned char>(piece[0]);
    const bool control = length == 1 && (first < 0x20 || first == 0x7f);
    clean += control ? std::string_view(" ") : piece;
    text.remove_prefix(length == 0 ? 1 : length);
  }
  return clean;
}

}  // namespace cordyna::local
