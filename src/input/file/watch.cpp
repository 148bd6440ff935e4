#include "input/file/watch.hpp"

#include <fmt/format.h>
#include <sys/inotify.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <system_error>

#include "input/file/names.hpp"

namespace cordyna::input {
namespace {

constexpr std::uint32_t kWanted = IN_CREATE | IN_MODIFY | IN_CLOSE_WRITE | IN_ATTRIB |
                                  IN_MOVED_FROM | IN_MOVED_TO | IN_DELETE | IN_DELETE_SELF |
                                  IN_MOVE_SELF | IN_ONLYDIR | IN_EXCL_UNLINK;
constexpr std::size_t kTakenMax = 8'192;

bool is_below_folder(std::string_view path, std::string_view folder) {
  if (folder.empty() || path == folder) return true;
  return path.starts_with(folder) && path[folder.size()] == '/';
}

}  // namespace

Inotify::Inotify() : fd_(::inotify_init1(IN_NONBLOCK | IN_CLOEXEC)) {
  if (!fd_.is_open()) refuse(errno);
}

void Inotify::refuse(int error) {
  std::string_view setting;
  if (error == ENOSPC) setting = ": fs.inotify.max_user_watches of this machine is reached";
  if (error == EMFILE) setting = ": fs.inotify.max_user_instances of this machine is reached";
  problem_ = fmt::format("not all folders can be watched ({}){}",
                         std::generic_category().message(error), setting);
}

bool Inotify::watch(std::string_view path, int folder) {
  if (!fd_.is_open()) return false;
  // By the open folder, so that nobody can put another one in its place.
  const std::string through = fmt::format("/proc/self/fd/{}", folder);
  const int watch = ::inotify_add_watch(fd_.get(), through.c_str(), kWanted);
  if (watch < 0) {
    refuse(errno);
    return false;
  }
  paths_[watch] = path;
  return true;
}

void Inotify::forget(std::string_view path) {
  for (auto one = paths_.begin(); one != paths_.end();) {
    if (!is_below_folder(one->second, path)) {
      ++one;
      continue;
    }
    ::inotify_rm_watch(fd_.get(), one->first);
    one = paths_.erase(one);
  }
}

void Inotify::hear(int watch, std::uint32_t mask, std::string_view name, std::vector<Heard>& out) {
  if ((mask & IN_Q_OVERFLOW) != 0) return out.push_back({HeardOf::kLost});
  const auto found = paths_.find(watch);
  if (found == paths_.end()) return;
  const bool is_root = found->second.empty();
  const std::uint32_t self = IN_DELETE_SELF | IN_MOVE_SELF | IN_UNMOUNT | IN_IGNORED;
  if ((mask & self) != 0) {
    if (is_root) out.push_back({HeardOf::kRootWent});
    if ((mask & IN_UNMOUNT) != 0 && !is_root) out.push_back({HeardOf::kLost});
    if ((mask & IN_IGNORED) != 0) paths_.erase(found);
    return;
  }
  if (name.empty()) return;  // the rights of the folder itself
  std::string path = path_of(found->second, name);
  if ((mask & IN_ISDIR) != 0) {
    if ((mask & (IN_CREATE | IN_MOVED_TO)) != 0) out.push_back({HeardOf::kFolderCame, path});
    if ((mask & (IN_DELETE | IN_MOVED_FROM)) != 0) out.push_back({HeardOf::kFolderWent, path});
    return;
  }
  HeardOf what = HeardOf::kChanged;
  if ((mask & (IN_CREATE | IN_MODIFY)) != 0) what = HeardOf::kWritten;
  if ((mask & IN_CLOSE_WRITE) != 0) what = HeardOf::kClosed;
  if ((mask & IN_MOVED_TO) != 0) what = HeardOf::kMoved;
  if ((mask & (IN_DELETE | IN_MOVED_FROM)) != 0) what = HeardOf::kGone;
  out.push_back({what, std::move(path)});
}

Result<std::vector<Heard>> Inotify::take() {
  std::vector<Heard> out;
  alignas(inotify_event) std::array<char, 65'536> block{};
  while (fd_.is_open() && out.size() < kTakenMax) {
    const ssize_t got = ::read(fd_.get(), block.data(), block.size());
    if (got < 0 && errno == EINTR) continue;
    if (got < 0 && errno == EAGAIN) break;
    if (got <= 0) return folder_error("cannot listen to", "the folder", errno);
    const auto size = static_cast<std::size_t>(got);
    for (std::size_t at = 0; at + sizeof(inotify_event) <= size;) {
      inotify_event event{};
      std::memcpy(&event, &block[at], sizeof event);
      const char* name = &block[at] + sizeof event;
      const std::size_t length = event.len == 0 ? 0 : ::strnlen(name, event.len);
      hear(event.wd, event.mask, {name, length}, out);
      at += sizeof event + event.len;
    }
  }
  return out;
}

}  // namespace cordyna::input
