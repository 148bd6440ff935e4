#include "process/cache/file_hash.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <fnmatch.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <set>
#include <system_error>
#include <vector>

#include "process/cache/digest.hpp"

namespace cordyna::cache {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kBlock = 65'536;

bool has_wildcard(std::string_view name) {
  return name.find_first_of("*?[\\") != std::string_view::npos;
}

/// The pattern's names; errors where it leaves the folder.
Result<std::vector<std::string>> names_of(std::string_view pattern) {
  std::vector<std::string> names;
  const auto refuse = [pattern] {
    return fail(
        ErrorCode::kInvalidArgument,
        fmt::format("files('{}'): wants files below the flow's folder, as 'src/**'", pattern));
  };
  if (pattern.empty() || pattern.front() == '/' || pattern.find('\0') != std::string_view::npos) {
    return refuse();
  }
  while (!pattern.empty()) {
    const std::size_t end = std::min(pattern.find('/'), pattern.size());
    const std::string_view name = pattern.substr(0, end);
    if (name == "..") return refuse();
    // Two of them in a row are one.
    const bool again = name == "**" && !names.empty() && names.back() == "**";
    if (!name.empty() && name != "." && !again) names.emplace_back(name);
    pattern.remove_prefix(std::min(end + 1, pattern.size()));
  }
  if (names.empty()) return refuse();
  if (names.back() == "**") names.emplace_back("*");
  return names;
}

class Finder {
 public:
  Finder(const std::string& folder, std::vector<std::string> names, Budget& budget)
      : folder_(folder), names_(std::move(names)), budget_(budget) {}

  Result<std::set<std::string>> find() {
    TRY(walk("", 0));
    return std::move(found_);
  }

 private:
  /// `prefix`: "" or "src/".
  Result<> walk(const std::string& prefix, std::size_t at) {
    const std::string& name = names_[at];
    const bool last = at + 1 == names_.size();
    if (name == "**") {
      TRY(walk(prefix, at + 1));
      return each(prefix,
                  [&](const std::string& entry, const fs::directory_entry& what) -> Result<> {
                    std::error_code error;
                    const bool folder =
                        entry.front() != '.' && what.is_directory(error) && !what.is_symlink(error);
                    return folder ? walk(prefix + entry + "/", at) : Result<>();
                  });
    }
    if (!has_wildcard(name)) return step(prefix + name, last, at);
    return each(prefix, [&](const std::string& entry, const fs::directory_entry&) -> Result<> {
      const bool matches = ::fnmatch(name.c_str(), entry.c_str(), FNM_PERIOD) == 0;
      return matches ? step(prefix + entry, last, at) : Result<>();
    });
  }

  Result<> step(const std::string& path, bool last, std::size_t at) {
    std::error_code error;
    const fs::file_status status = fs::status(folder_ + "/" + path, error);
    if (last) {
      if (fs::is_regular_file(status)) found_.insert(path);
      if (budget_.files + found_.size() <= kFilesMax) return {};
      return fail(ErrorCode::kInvalidArgument, fmt::format("more than {} files", kFilesMax));
    }
    return fs::is_directory(status) ? walk(path + "/", at + 1) : Result<>();
  }

  template <class What>
  Result<> each(const std::string& prefix, const What& what) {
    std::error_code error;
    const fs::path folder(folder_ + "/" + prefix);
    fs::directory_iterator at(folder, error);
    for (; !error && at != fs::directory_iterator(); at.increment(error)) {
      if (++budget_.entries > kEntriesMax) {
        return fail(ErrorCode::kInvalidArgument,
                    fmt::format("more than {} files and folders to look at", kEntriesMax));
      }
      TRY(what(at->path().filename().string(), *at));
    }
    if (!error || error == std::errc::no_such_file_or_directory) return {};
    return fail(ErrorCode::kUnavailable,
                fmt::format("{} cannot be read: {}", folder.string(), error.message()));
  }

  const std::string& folder_;
  std::vector<std::string> names_;
  Budget& budget_;
  std::set<std::string> found_;
};

Result<> add_content(const std::string& path, Digest& digest, Budget& budget) {
  const auto unreadable = [&path] {
    return fail(ErrorCode::kUnavailable,
                fmt::format("{} cannot be read: {}", path, std::strerror(errno)));
  };
  if (++budget.files > kFilesMax) {
    return fail(ErrorCode::kInvalidArgument, fmt::format("more than {} files", kFilesMax));
  }
  // A pipe that came in the file's place must not stop us.
  const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (fd < 0) return unreadable();
  std::vector<char> block(kBlock);
  ssize_t got = 0;
  while ((got = ::read(fd, block.data(), block.size())) > 0) {
    digest.bytes({block.data(), static_cast<std::size_t>(got)});
    budget.bytes += static_cast<std::uint64_t>(got);
    if (budget.bytes > kBytesMax) {
      got = 0;
      break;
    }
  }
  const int error = errno;
  ::close(fd);
  errno = error;
  if (got < 0) return unreadable();
  if (budget.bytes <= kBytesMax) return {};
  return fail(ErrorCode::kInvalidArgument,
              fmt::format("more than {} MiB to read; name a file that changes with them, as a "
                          "checksum or a version, instead",
                          kBytesMax >> 20));
}

}  // namespace

Result<std::string> hash_files(const std::string& folder, std::string_view pattern,
                               Budget& budget) {
  TRY_ASSIGN(std::vector<std::string> names, names_of(pattern));
  const std::string what = fmt::format("files('{}')", pattern);
  Result<std::set<std::string>> found = Finder(folder, std::move(names), budget).find();
  if (!found.has_value()) return fail(what, std::move(found.error()));
  if (found->empty()) {
    return fail(ErrorCode::kInvalidArgument, fmt::format("{} matches no file in {}", what, folder));
  }
  Digest all;
  for (const std::string& path : *found) {
    Digest content;
    Result<> read = add_content(folder + "/" + path, content, budget);
    if (!read.has_value()) return fail(what, std::move(read.error()));
    all.field(path);
    all.field(content.hex());
  }
  return all.hex();
}

Result<std::string> hash_file(const std::string& path, Budget& budget) {
  Digest content;
  TRY(add_content(path, content, budget));
  return content.hex();
}

}  // namespace cordyna::cache
