#include "cli/folder_watch.hpp"

#include <fmt/format.h>
#include <sys/inotify.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

#include "service/flow_folder.hpp"

namespace cordyna::cli {
namespace {

namespace fs = std::filesystem;

// A file counts when it is whole: closed by who wrote it, or renamed into place, as editors do.
constexpr std::uint32_t kMask = IN_CLOSE_WRITE | IN_CREATE | IN_MOVED_TO | IN_MOVED_FROM |
                                IN_DELETE | IN_DELETE_SELF | IN_MOVE_SELF | IN_ONLYDIR;

struct Event {
  int watch = -1;
  std::uint32_t mask = 0;
  std::string name;
};

/// All that can be read now.
std::vector<Event> read_events(int fd) {
  std::vector<Event> found;
  alignas(inotify_event) std::array<char, 16 << 10> bytes;  // NOLINT: read into
  for (;;) {
    const ssize_t got = ::read(fd, bytes.data(), bytes.size());
    if (got <= 0) return found;
    for (std::size_t at = 0; at < static_cast<std::size_t>(got);) {
      inotify_event event;  // NOLINT: copied into
      std::memcpy(&event, bytes.data() + at, sizeof event);
      // The name ends with its first zero; there may be more for alignment.
      const char* const name = bytes.data() + at + sizeof event;
      found.push_back({event.wd, event.mask,
                       event.len > 0 ? std::string(name, ::strnlen(name, event.len)) : ""});
      at += sizeof event + event.len;
    }
  }
}

}  // namespace

Result<FolderWatch> FolderWatch::start(const std::string& folder) {
  Fd fd(::inotify_init1(IN_CLOEXEC | IN_NONBLOCK));
  if (!fd.valid()) {
    return fail(ErrorCode::kUnavailable, fmt::format("{} cannot be watched: {}", folder,
                                                     std::generic_category().message(errno)));
  }
  FolderWatch watch(std::move(fd), folder);
  TRY(watch.add_tree(folder));
  return watch;
}

Result<> FolderWatch::also(const std::string& folder) {
  return add(folder);
}

Result<> FolderWatch::add(const std::string& folder) {
  const int watch = ::inotify_add_watch(fd_.get(), folder.c_str(), kMask);
  if (watch >= 0) {
    folders_[watch] = folder;
    return {};
  }
  // It may have gone again before we came; that is told as an event of its own.
  if (errno == ENOENT || errno == ENOTDIR) return {};
  const std::string why = std::generic_category().message(errno);
  return fail(
      ErrorCode::kUnavailable,
      fmt::format("folder {} cannot be watched: {}{}", folder, why,
                  errno == ENOSPC ? "; fs.inotify.max_user_watches says how many can be" : ""));
}

/// The folder before what is in it: whatever is made in between is told, or found here.
Result<> FolderWatch::add_tree(const std::string& folder) {
  TRY(add(folder));
  std::error_code error;
  const auto options = fs::directory_options::skip_permission_denied;
  fs::recursive_directory_iterator at(folder, options, error);
  for (; !error && at != fs::recursive_directory_iterator(); at.increment(error)) {
    std::error_code ignored;
    if (!at->is_directory(ignored) || at->is_symlink(ignored)) continue;
    if (at->path().filename().string().starts_with('.')) {
      at.disable_recursion_pending();
    } else {
      TRY(add(at->path().string()));
    }
  }
  return {};
}

/// A folder that was moved away goes on telling what happens in it.
void FolderWatch::forget_below(const std::string& folder) {
  std::erase_if(folders_, [&](const auto& one) {
    const auto& [watch, path] = one;
    const bool below = path == folder || path.starts_with(folder + "/");
    if (below) ::inotify_rm_watch(fd_.get(), watch);
    return below;
  });
}

Result<bool> FolderWatch::take_changes() {
  bool changed = false;
  for (const Event& event : read_events(fd_.get())) {
    if ((event.mask & IN_Q_OVERFLOW) != 0) {
      // Something was not told: all is looked at anew.
      TRY(add_tree(folder_));
      changed = true;
      continue;
    }
    const auto found = folders_.find(event.watch);
    if (found == folders_.end()) continue;
    if ((event.mask & IN_IGNORED) != 0) {
      folders_.erase(found);
      continue;
    }
    const std::string path = found->second + "/" + event.name;
    if ((event.mask & IN_ISDIR) != 0 && !event.name.empty()) {
      if (event.name.starts_with('.') || !path.starts_with(folder_ + "/")) continue;
      if ((event.mask & (IN_MOVED_FROM | IN_DELETE)) != 0) forget_below(path);
      if ((event.mask & (IN_CREATE | IN_MOVED_TO)) != 0) TRY(add_tree(path));
      changed = true;
      continue;
    }
    // That a file was made says nothing yet: it is closed later. A link has nothing to close.
    std::error_code ignored;
    const bool only_made = (event.mask & IN_CREATE) != 0 && !fs::is_symlink(path, ignored);
    if ((event.mask & (IN_DELETE_SELF | IN_MOVE_SELF)) != 0) changed = true;
    if (!only_made && concerns_flows(event.name)) changed = true;
  }
  return changed;
}

}  // namespace cordyna::cli
