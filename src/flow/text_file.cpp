#include "flow/text_file.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

namespace cordyna::flow {
namespace {

class Descriptor {
 public:
  explicit Descriptor(int fd) : fd_(fd) {}
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  ~Descriptor() {
    if (fd_ >= 0) ::close(fd_);
  }
  [[nodiscard]] int get() const { return fd_; }

 private:
  int fd_;
};

std::unexpected<Error> refuse(ErrorCode code, const std::string& path, std::string_view why) {
  return fail(code, fmt::format("{}: {}", path, why));
}

std::unexpected<Error> refuse_errno(const std::string& path, int error) {
  const bool missing = error == ENOENT || error == ENOTDIR;
  if (missing) return refuse(ErrorCode::kNotFound, path, "no such file");
  return refuse(ErrorCode::kUnavailable, path,
                fmt::format("cannot be read: {}", std::strerror(error)));
}

}  // namespace

Result<std::string> read_text_file(const std::string& path, std::size_t bytes_max) {
  // Not blocking: a named pipe must not hold us.
  const Descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  if (file.get() < 0) return refuse_errno(path, errno);
  struct stat info{};
  if (::fstat(file.get(), &info) != 0) return refuse_errno(path, errno);
  if (S_ISDIR(info.st_mode)) {
    return refuse(ErrorCode::kInvalidArgument, path, "is a folder; name a file in it");
  }
  if (!S_ISREG(info.st_mode)) {
    return refuse(ErrorCode::kInvalidArgument, path, "is not a regular file");
  }
  const auto too_large = [&] {
    return refuse(ErrorCode::kInvalidArgument, path,
                  fmt::format("is larger than {} MiB", bytes_max >> 20U));
  };
  if (static_cast<std::size_t>(info.st_size) > bytes_max) return too_large();
  std::string text(static_cast<std::size_t>(info.st_size) + 1, '\0');
  std::size_t size = 0;
  while (true) {
    const ssize_t got = ::read(file.get(), text.data() + size, text.size() - size);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return refuse_errno(path, errno);
    if (got == 0) break;
    size += static_cast<std::size_t>(got);
    if (size > bytes_max) return too_large();
    if (size == text.size()) text.resize(2 * size);  // it grew while it was read
  }
  text.resize(size);
  return text;
}

bool is_blank(std::string_view text) {
  while (!text.empty()) {
    const std::string_view line = text.substr(0, text.find('\n'));
    const std::size_t first = line.find_first_not_of(" \t\r");
    if (first != std::string_view::npos && line[first] != '#') return false;
    text.remove_prefix(std::min(line.size() + 1, text.size()));
  }
  return true;
}

}  // namespace cordyna::flow
