#include "git/checkout.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <functional>
#include <set>
#include <system_error>
#include <utility>
#include <vector>

#include "base/text.hpp"
#include "flow/sha256.hpp"
#include "git/paths.hpp"

namespace cordyna::git {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kTrees = "trees";
constexpr std::size_t kTreesKept = 3;
constexpr std::size_t kTreesMax = 50;
constexpr std::chrono::hours kTreeKept{24};

std::unexpected<Error> no_disk(const std::string& path, const std::error_code& error) {
  return fail(ErrorCode::kUnavailable,
              fmt::format("{} cannot be written: {}", path, error.message()));
}

Result<> write_file(const std::string& path, FileKind kind, std::string_view data) {
  std::error_code error;
  if (kind == FileKind::kLink) {
    fs::create_symlink(fs::path(data), path, error);
    if (error) return no_disk(path, error);
    return {};
  }
  std::ofstream file(path, std::ios::binary | std::ios::trunc);
  file.write(data.data(), static_cast<std::streamsize>(data.size()));
  file.close();
  if (!file) return no_disk(path, std::make_error_code(std::errc::io_error));
  if (kind == FileKind::kProgram) {
    fs::permissions(path, fs::perms::owner_exec, fs::perm_options::add, error);
    if (error) return no_disk(path, error);
  }
  return {};
}

/// A tree on its way to the disk.
class Draft {
 public:
  explicit Draft(std::string folder) : folder_(std::move(folder)) {}

  Result<> add(std::string_view path, FileKind kind, std::string_view data) {
    TRY(check_path(path));
    TRY(check_folders(path));
    if (kind == FileKind::kLink) {
      TRY(check_link(path, data));
      links_.emplace(path);
    }
    const std::string file = fmt::format("{}/{}", folder_, path);
    std::error_code error;
    fs::create_directories(fs::path(file).parent_path(), error);
    if (error) return no_disk(file, error);
    return write_file(file, kind, data);
  }

  /// After a loss of power it is there with all that is in it, or not at all.
  [[nodiscard]] Result<> save() const {
    const int fd = ::open(folder_.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    const bool saved = fd >= 0 && ::syncfs(fd) == 0;
    const std::error_code error(errno, std::generic_category());
    if (fd >= 0) ::close(fd);
    if (!saved) return no_disk(folder_, error);
    return {};
  }

 private:
  /// A forged commit can have a link and a folder of one name.
  [[nodiscard]] Result<> check_folders(std::string_view path) const {
    for (std::size_t at = path.find('/'); at != std::string_view::npos;
         at = path.find('/', at + 1)) {
      if (!links_.contains(path.substr(0, at))) continue;
      return fail(ErrorCode::kInvalidArgument,
                  fmt::format("file '{}' lies behind a link", printable(path)));
    }
    return {};
  }

  std::string folder_;
  std::set<std::string, std::less<>> links_;
};

/// Of one commit within one folder of the repository: another folder is another tree.
std::string tree_name(const std::string& commit, const std::string& within) {
  if (within.empty()) return commit;
  return fmt::format("{}-{}", commit, flow::sha256_hex(within).substr(0, 16));
}

}  // namespace

std::string Checkout::folder_of(const std::string& commit, const std::string& within) const {
  return fmt::format("{}/{}/{}", folder_, kTrees, tree_name(commit, within));
}

Result<> Checkout::take(const Repository& from, const std::string& commit,
                        const std::string& within) {
  const std::string whole = folder_of(commit, within);
  std::error_code error;
  if (fs::is_directory(whole, error)) return {};
  const std::string draft = fmt::format("{}/{}/new", folder_, kTrees);
  fs::remove_all(draft, error);
  fs::create_directories(draft, error);
  if (error) return no_disk(draft, error);
  Draft into(draft);
  TRY(from.files(commit, within,
                 [&into](std::string_view path, FileKind kind, std::string_view data) {
                   return into.add(path, kind, data);
                 }));
  TRY(into.save());
  fs::rename(draft, whole, error);
  if (error) return no_disk(whole, error);
  return {};
}

Result<> Checkout::use(const std::string& commit, const std::string& within) {
  std::error_code error;
  const std::string draft = folder_ + "/current.new";
  fs::remove(draft, error);
  // When it was in force last tells how long it is kept.
  const fs::path before = fs::read_symlink(current(), error);
  if (!error)
    fs::last_write_time(fs::path(folder_) / before, fs::file_time_type::clock::now(), error);
  fs::create_directory_symlink(fs::path(kTrees) / tree_name(commit, within), draft, error);
  if (error) return no_disk(draft, error);
  fs::rename(draft, current(), error);
  if (error) return no_disk(current(), error);
  return {};
}

bool Checkout::is_used(const std::string& commit, const std::string& within) const {
  std::error_code error;
  const fs::path target = fs::read_symlink(current(), error);
  return !error && target == fs::path(kTrees) / tree_name(commit, within) &&
         fs::is_directory(current(), error);
}

void Checkout::tidy() const {
  std::error_code error;
  const fs::path used = fs::read_symlink(current(), error).filename();
  std::vector<std::pair<fs::file_time_type, fs::path>> old;
  for (fs::directory_iterator at(folder_ + "/" + std::string(kTrees), error), end;
       !error && at != end; at.increment(error)) {
    std::error_code failed;
    if (at->path().filename() == used) continue;
    old.emplace_back(at->last_write_time(failed), at->path());
  }
  std::ranges::sort(old, std::greater{});
  const auto now = fs::file_time_type::clock::now();
  for (std::size_t i = kTreesKept; i < old.size(); ++i) {
    const bool recent = now - old[i].first < kTreeKept;
    if (recent && i < kTreesMax) continue;
    fs::remove_all(old[i].second, error);
  }
}

}  // namespace cordyna::git
