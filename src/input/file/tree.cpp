#include "input/file/tree.hpp"

#include <dirent.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <memory>
#include <system_error>

#include "base/text.hpp"
#include "http/digest.hpp"
#include "input/file/names.hpp"

namespace cordyna::input {
namespace {

constexpr int kFolderFlags = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC;
constexpr std::int64_t kSecond = 1'000'000'000;

std::int64_t nanos_of(const timespec& time) {
  return std::int64_t{time.tv_sec} * kSecond + time.tv_nsec;
}

FoundKind kind_of_mode(mode_t mode) {
  if (S_ISREG(mode)) return FoundKind::kFile;
  if (S_ISDIR(mode)) return FoundKind::kFolder;
  return S_ISLNK(mode) ? FoundKind::kLink : FoundKind::kOther;
}

FoundKind kind_of_entry(unsigned char type) {
  switch (type) {
    case DT_REG: return FoundKind::kFile;
    case DT_DIR: return FoundKind::kFolder;
    case DT_LNK: return FoundKind::kLink;
    case DT_UNKNOWN: return FoundKind::kNone;
    default: return FoundKind::kOther;
  }
}

bool is_absent(int error) {
  return error == ENOENT || error == ENOTDIR || error == ELOOP;
}

struct CloseDir {
  void operator()(DIR* dir) const { ::closedir(dir); }
};

}  // namespace

Descriptor::~Descriptor() {
  if (fd_ >= 0) ::close(fd_);
}

std::unexpected<Error> folder_error(std::string_view what, std::string_view path, int error) {
  ErrorCode code = ErrorCode::kUnavailable;
  if (is_absent(error)) code = ErrorCode::kNotFound;
  if (error == EACCES || error == EPERM) code = ErrorCode::kDenied;
  if (error == ENOSPC || error == EDQUOT) code = ErrorCode::kNoSpace;
  return fail(code, fmt::format("{} '{}': {}", what, shown_path(path),
                                std::generic_category().message(error)));
}

Result<Found> look_at(int folder, const std::string& name) {
  struct stat status{};
  if (::fstatat(folder, name.c_str(), &status, AT_SYMLINK_NOFOLLOW) != 0) {
    if (is_absent(errno)) return Found();
    return folder_error("cannot look at", name, errno);
  }
  Found found;
  found.kind = kind_of_mode(status.st_mode);
  if (found.kind != FoundKind::kFile) return found;
  found.stamp = {.size = status.st_size,
                 .modified = nanos_of(status.st_mtim),
                 .changed = nanos_of(status.st_ctim),
                 .inode = status.st_ino,
                 .links = status.st_nlink};
  return found;
}

Result<FolderId> id_of(int folder) {
  struct stat status{};
  if (::fstat(folder, &status) != 0) return folder_error("cannot look at", "a folder", errno);
  return FolderId{status.st_dev, status.st_ino};
}

Result<Tree> Tree::open(const std::string& folder) {
  Descriptor root(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!root.is_open()) return folder_error("cannot open the folder", folder, errno);
  TRY_ASSIGN(const FolderId id, id_of(root.get()));
  return Tree(folder, std::move(root), id);
}

Result<Descriptor> Tree::open_folder(std::string_view path) const {
  Descriptor at(::openat(root_.get(), ".", kFolderFlags));
  if (!at.is_open()) return folder_error("cannot open the folder", folder_, errno);
  std::string_view rest = path;
  while (!rest.empty()) {
    const std::string name(rest.substr(0, rest.find('/')));
    rest.remove_prefix(std::min(name.size() + 1, rest.size()));
    Descriptor next(::openat(at.get(), name.c_str(), kFolderFlags));
    if (!next.is_open()) return folder_error("cannot open the folder", path, errno);
    at = std::move(next);
  }
  return at;
}

Result<Descriptor> Tree::make_folder(std::string_view path) const {
  for (std::size_t end = path.find('/');; end = path.find('/', end + 1)) {
    const std::string_view part = path.substr(0, end);
    if (part.empty()) break;
    TRY_ASSIGN(const Descriptor parent, open_folder(folder_in(part)));
    const std::string name(name_in(part));
    if (::mkdirat(parent.get(), name.c_str(), 0777) != 0 && errno != EEXIST) {
      return folder_error("cannot make the folder", part, errno);
    }
    if (end == std::string_view::npos) break;
  }
  return open_folder(path);
}

Result<Descriptor> Tree::open_file(std::string_view path) const {
  TRY_ASSIGN(const Descriptor parent, open_folder(folder_in(path)));
  const std::string name(name_in(path));
  // Of a pipe that took the file's name, an open must not wait for a writer.
  Descriptor file(
      ::openat(parent.get(), name.c_str(), O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC));
  if (!file.is_open()) return folder_error("cannot read", path, errno);
  struct stat status{};
  if (::fstat(file.get(), &status) != 0) return folder_error("cannot read", path, errno);
  if (!S_ISREG(status.st_mode)) return folder_error("cannot read", path, ENOENT);
  return file;
}

Result<Found> Tree::look(std::string_view path) const {
  const std::string name(name_in(path));
  if (name.size() == path.size()) return look_at(root_.get(), name);
  const auto parent = open_folder(folder_in(path));
  if (parent.has_value()) return look_at(parent->get(), name);
  if (parent.error().code == ErrorCode::kNotFound) return Found();
  return std::unexpected<Error>(parent.error());
}

Result<std::string> Tree::sha256_of(std::string_view path, const std::stop_token& stop) const {
  TRY_ASSIGN(const Descriptor file, open_file(path));
  http::Digest digest(http::DigestKind::kSha256);
  std::array<char, 65'536> block{};
  while (true) {
    if (stop.stop_requested()) return fail(ErrorCode::kCancelled, "the input is to end");
    const ssize_t got = ::read(file.get(), block.data(), block.size());
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return folder_error("cannot read", path, errno);
    if (got == 0) return http::hex(digest.finish());
    digest.add({block.data(), static_cast<std::size_t>(got)});
  }
}

Result<> each_name(Descriptor folder,
                   const std::function<Result<>(const std::string& name, FoundKind)>& each) {
  const std::unique_ptr<DIR, CloseDir> dir(::fdopendir(folder.get()));
  if (dir == nullptr) return folder_error("cannot read the folder", "", errno);
  folder.release();
  while (true) {
    errno = 0;
    const dirent* entry = ::readdir(dir.get());
    if (entry == nullptr && errno != 0) return folder_error("cannot read the folder", "", errno);
    if (entry == nullptr) return {};
    const std::string name(entry->d_name);
    if (name != "." && name != "..") TRY(each(name, kind_of_entry(entry->d_type)));
  }
}

}  // namespace cordyna::input
