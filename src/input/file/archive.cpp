#include "input/file/archive.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdio>
#include <filesystem>
#include <span>
#include <system_error>

#include "base/hash.hpp"
#include "input/file/names.hpp"

namespace cordyna::input {
namespace {

constexpr std::size_t kNameMax = 255;
constexpr int kNumbersMax = 10'000;
constexpr std::size_t kCopyBlock = 65'536;

/// Never over what stands there. File systems that cannot do that get the next best.
int rename_new(int from_folder, const std::string& from, int to_folder, const std::string& to) {
  if (::renameat2(from_folder, from.c_str(), to_folder, to.c_str(), RENAME_NOREPLACE) == 0) {
    return 0;
  }
  if (errno != EINVAL && errno != ENOSYS) return errno;
  if (::faccessat(to_folder, to.c_str(), F_OK, AT_SYMLINK_NOFOLLOW) == 0) return EEXIST;
  return ::renameat(from_folder, from.c_str(), to_folder, to.c_str()) == 0 ? 0 : errno;
}

Result<std::size_t> read_some(int fd, std::span<char> block, std::string_view path) {
  while (true) {
    const ssize_t got = ::read(fd, block.data(), block.size());
    if (got >= 0) return static_cast<std::size_t>(got);
    if (errno != EINTR) return folder_error("cannot read", path, errno);
  }
}

Result<> write_all(int fd, std::string_view bytes, std::string_view path) {
  while (!bytes.empty()) {
    const ssize_t put = ::write(fd, bytes.data(), bytes.size());
    if (put < 0 && errno == EINTR) continue;
    if (put < 0) return folder_error("cannot write", path, errno);
    bytes.remove_prefix(static_cast<std::size_t>(put));
  }
  return {};
}

Result<Descriptor> open_in(int folder, const std::string& name) {
  Descriptor file(::openat(folder, name.c_str(), O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC));
  if (!file.is_open()) return folder_error("cannot read", name, errno);
  return file;
}

Result<bool> same_bytes(const Descriptor& a, const Descriptor& b, const std::stop_token& stop) {
  std::array<char, kCopyBlock> one{};
  std::array<char, kCopyBlock> other{};
  while (true) {
    if (stop.stop_requested()) return fail(ErrorCode::kCancelled, "the input is to end");
    TRY_ASSIGN(const std::size_t got, read_some(a.get(), one, "a file"));
    std::size_t have = 0;
    while (have < got) {
      TRY_ASSIGN(const std::size_t more,
                 read_some(b.get(), std::span(other).subspan(have, got - have), "a file"));
      if (more == 0) return false;
      have += more;
    }
    if (std::string_view(one.data(), got) != std::string_view(other.data(), got)) return false;
    if (got == 0) {
      TRY_ASSIGN(const std::size_t rest, read_some(b.get(), other, "a file"));
      return rest == 0;
    }
  }
}

/// With its times, on the disk.
Result<> copy_bytes(const Descriptor& from, const Descriptor& to, const Stamp& stamp,
                    std::string_view path, const std::stop_token& stop) {
  std::array<char, kCopyBlock> block{};
  while (true) {
    if (stop.stop_requested()) return fail(ErrorCode::kCancelled, "the input is to end");
    TRY_ASSIGN(const std::size_t got, read_some(from.get(), block, path));
    if (got == 0) break;
    TRY(write_all(to.get(), {block.data(), got}, path));
  }
  constexpr std::int64_t kNanos = 1'000'000'000;
  const timespec modified{.tv_sec = stamp.modified / kNanos, .tv_nsec = stamp.modified % kNanos};
  const std::array<timespec, 2> times{modified, modified};
  if (::futimens(to.get(), times.data()) != 0) return folder_error("cannot date", path, errno);
  if (::fsync(to.get()) != 0) return folder_error("cannot keep", path, errno);
  return {};
}

}  // namespace

std::string own_name(std::string_view path) {
  return fmt::format("{}{:016x}", kOwnPrefix, fnv1a(path));
}

std::string archive_path(std::string_view path, int number) {
  if (number == 0) return std::string(path);
  const std::string_view name = name_in(path);
  const std::size_t dot = name.rfind('.');
  const std::size_t split = dot == std::string_view::npos || dot == 0 ? name.size() : dot;
  const std::string end = fmt::format("~{}{}", number + 1, name.substr(split));
  std::string_view stem = name.substr(0, split);
  if (end.size() < kNameMax) stem = stem.substr(0, kNameMax - end.size());
  return path_of(folder_in(path), fmt::format("{}{}", stem, end));
}

/// A file on its way: its folder, the folder of the archive, and what it should be.
struct Archive::Places {
  int from;
  int to;
  std::string name;
  std::string_view path;
  const Stamp& stamp;

  [[nodiscard]] Result<bool> is_as_before() const {
    TRY_ASSIGN(const Found now, look_at(from, name));
    return now.kind == FoundKind::kFile && same_version(now.stamp, stamp);
  }

  /// Whether what has the name in the archive is this file.
  [[nodiscard]] Result<bool> is_there(const std::string& as, const std::stop_token& stop) const {
    TRY_ASSIGN(const Found there, look_at(to, as));
    TRY_ASSIGN(const Found here, look_at(from, name));
    if (there.kind != FoundKind::kFile || here.kind != FoundKind::kFile) return false;
    if (!same_version(there.stamp, here.stamp)) return false;
    TRY_ASSIGN(const Descriptor a, open_in(from, name));
    TRY_ASSIGN(const Descriptor b, open_in(to, as));
    TRY_ASSIGN(const FolderId first, id_of(a.get()));
    TRY_ASSIGN(const FolderId second, id_of(b.get()));
    return first == second ? Result<bool>(true) : same_bytes(a, b, stop);
  }

  /// Of another file system: under a name of ours first, so that nobody sees half of it.
  [[nodiscard]] Result<int> copy(const std::string& as, const std::stop_token& stop) const {
    const std::string draft = own_name(path);
    ::unlinkat(to, draft.c_str(), 0);  // of a copy that a crash ended
    TRY_ASSIGN(const Descriptor source, open_in(from, name));
    struct stat status{};
    if (::fstat(source.get(), &status) != 0 || !S_ISREG(status.st_mode)) return ENOENT;
    const Descriptor target(::openat(to, draft.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC,
                                     status.st_mode & 0777));
    if (!target.is_open()) return folder_error("cannot write", path, errno);
    auto copied = copy_bytes(source, target, stamp, path, stop);
    int error = 0;
    if (copied.has_value()) error = rename_new(to, draft, to, as);
    if (!copied.has_value() || error != 0) ::unlinkat(to, draft.c_str(), 0);
    TRY(copied);
    return error;
  }
};

Result<Archive> Archive::open(const std::string& folder, const Tree& from) {
  std::error_code error;
  std::filesystem::create_directories(folder, error);
  if (error) return folder_error("cannot make the folder", folder, error.value());
  TRY_ASSIGN(Tree tree, Tree::open(folder));
  if (tree.id() == from.id()) {
    return fail(ErrorCode::kInvalidArgument,
                fmt::format("the archive '{}' is the folder itself", shown_path(folder)));
  }
  return Archive(std::move(tree));
}

Result<std::optional<int>> Archive::add(const Tree& from, std::string_view path, const Stamp& stamp,
                                        const std::stop_token& stop) {
  TRY_ASSIGN(const Descriptor source, from.open_folder(folder_in(path)));
  TRY_ASSIGN(const Descriptor target, tree_.make_folder(folder_in(path)));
  const Places places{source.get(), target.get(), std::string(name_in(path)), path, stamp};
  touched_.emplace(folder_in(path));
  for (int number = 0; number < kNumbersMax; ++number) {
    TRY_ASSIGN(const bool as_before, places.is_as_before());
    if (!as_before) return std::optional<int>();
    TRY_ASSIGN(const std::optional<int> added, add_at(places, number, stop));
    if (added.has_value()) return added;
  }
  return fail(ErrorCode::kConflict, fmt::format("the archive has {} files of the name '{}' already",
                                                kNumbersMax, shown_path(path)));
}

/// Nullopt: it cannot be there, or is not what it was: the next one says so.
Result<std::optional<int>> Archive::add_at(const Places& places, int number,
                                           const std::stop_token& stop) {
  const std::string as(name_in(archive_path(places.path, number)));
  int error = 0;
  const bool linked = ::linkat(places.from, places.name.c_str(), places.to, as.c_str(), 0) == 0;
  if (!linked) error = errno;
  // EPERM: of a file system without links, or a file of others (fs.protected_hardlinks).
  if (error == EXDEV || error == EPERM || error == EMLINK || error == EOPNOTSUPP ||
      error == ENOSYS) {
    TRY_ASSIGN(error, places.copy(as, stop));
  }
  if (error == ENOENT) {
    TRY_ASSIGN(const bool as_before, places.is_as_before());
    if (!as_before) return std::optional<int>();
  }
  if (error == EEXIST) {
    TRY_ASSIGN(const bool there, places.is_there(as, stop));
    return there ? std::optional(number) : std::nullopt;
  }
  if (error != 0) return folder_error("cannot archive", places.path, error);
  TRY_ASSIGN(const Found added, look_at(places.to, as));
  // A copy may have less exact times; what was copied must not have been written to meanwhile.
  TRY_ASSIGN(const bool whole, linked ? Result<bool>(true) : places.is_as_before());
  const bool as_told =
      linked ? same_version(added.stamp, places.stamp) : added.stamp.size == places.stamp.size;
  if (added.kind == FoundKind::kFile && whole && as_told) return std::optional(number);
  ::unlinkat(places.to, as.c_str(), 0);
  return std::optional<int>();
}

Result<> Archive::sync() {
  for (const std::string& path : touched_) {
    std::string_view part = path;
    while (true) {
      TRY_ASSIGN(const Descriptor folder, tree_.open_folder(part));
      if (::fsync(folder.get()) != 0) return folder_error("cannot keep the folder", part, errno);
      if (part.empty()) break;
      part = folder_in(part);
    }
  }
  touched_.clear();
  return {};
}

/// Under a name of ours it is looked at once more: between a look and a removal somebody may put
/// another file there.
Result<> take_away(const Tree& from, std::string_view path, const Stamp& stamp) {
  const auto opened = from.open_folder(folder_in(path));
  if (!opened.has_value() && opened.error().code == ErrorCode::kNotFound) return {};
  if (!opened.has_value()) return std::unexpected<Error>(opened.error());
  const int folder = opened->get();
  const std::string name(name_in(path));
  const std::string ours = own_name(path);
  const auto is_it = [&](const Found& found) {
    return found.kind == FoundKind::kFile && same_version(found.stamp, stamp);
  };
  TRY_ASSIGN(Found held, look_at(folder, ours));  // of a program that ended here
  if (held.kind == FoundKind::kNone) {
    TRY_ASSIGN(const Found now, look_at(folder, name));
    if (!is_it(now)) return {};
    const int error = rename_new(folder, name, folder, ours);
    if (error == ENOENT) return {};
    if (error != 0) return folder_error("cannot take away", path, error);
    TRY_ASSIGN(held, look_at(folder, ours));
  }
  if (is_it(held)) {
    if (::unlinkat(folder, ours.c_str(), 0) == 0 || errno == ENOENT) return {};
    return folder_error("cannot take away", path, errno);
  }
  for (int number = 0; number < kNumbersMax; ++number) {
    const std::string back(name_in(archive_path(path, number)));
    const int error = rename_new(folder, ours, folder, back);
    if (error == 0 || error == ENOENT) return {};
    if (error != EEXIST) return folder_error("cannot give back", path, error);
  }
  return fail(ErrorCode::kConflict, fmt::format("cannot give back '{}'", shown_path(path)));
}

}  // namespace cordyna::input
