#include "process/local/proc.hpp"

#include <dirent.h>
#include <poll.h>
#include <sys/syscall.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <chrono>
#include <csignal>
#include <memory>

#include "process/local/dir_ptr.hpp"
#include "process/local/files.hpp"

namespace cordyna::local {
namespace {

constexpr int kSweepPauseMs = 50;

/// The fields after the name in parentheses, which may itself hold anything.
std::optional<ProcessInfo> parse_stat(pid_t pid, std::string_view text) {
  const std::size_t close = text.rfind(')');
  if (close == std::string_view::npos || close + 2 >= text.size()) return std::nullopt;
  ProcessInfo info;
  info.id.pid = pid;
  text.remove_prefix(close + 2);
  constexpr int kState = 3;
  constexpr int kParent = 4;
  constexpr int kSession = 6;
  constexpr int kStart = 22;
  for (int field = kState; field <= kStart && !text.empty(); ++field) {
    const std::string_view word = text.substr(0, text.find(' '));
    const char* const begin = word.data();
    const char* const end = begin + word.size();
    if (field == kState) info.state = word.empty() ? '?' : word[0];
    if (field == kParent) std::from_chars(begin, end, info.parent);
    if (field == kSession) std::from_chars(begin, end, info.session);
    if (field == kStart) {
      if (std::from_chars(begin, end, info.id.start).ec != std::errc()) return std::nullopt;
      return info;
    }
    text.remove_prefix(std::min(text.size(), word.size() + 1));
  }
  return std::nullopt;
}

bool has_mark(pid_t pid, const std::string& mark) {
  const std::string path = "/proc/" + std::to_string(pid) + "/environ";
  const std::string environment = '\0' + read_proc_file(path.c_str());
  return environment.find('\0' + mark + '\0') != std::string::npos;
}

bool contains(std::span<const ProcessInfo> list, pid_t pid) {
  return std::ranges::any_of(list, [&](const ProcessInfo& info) { return info.id.pid == pid; });
}

std::vector<ProcessInfo> find_remains(const Remains& remains) {
  const std::vector<ProcessInfo> all = all_processes();
  // A living leader of that session is somebody new who got the number: the guardian is dead.
  const bool session_is_ours = remains.session != 0 && !contains(all, remains.session);
  std::vector<ProcessInfo> found;
  std::vector<pid_t> roots;
  const pid_t self = getpid();
  for (const ProcessInfo& info : all) {
    if (info.id.pid == self || info.state == 'Z') continue;
    const bool ours =
        (session_is_ours && info.session == remains.session) || has_mark(info.id.pid, remains.mark);
    if (!ours) continue;
    found.push_back(info);
    roots.push_back(info.id.pid);
  }
  for (const ProcessInfo& info : descendants(all, roots)) {
    if (info.state != 'Z' && info.id.pid != self && !contains(found, info.id.pid)) {
      found.push_back(info);
    }
  }
  return found;
}

}  // namespace

std::string boot_id() {
  std::string text = read_proc_file("/proc/sys/kernel/random/boot_id");
  while (!text.empty() && text.back() == '\n') text.pop_back();
  return text;
}

std::optional<ProcessInfo> process_info(pid_t pid) {
  const std::string path = "/proc/" + std::to_string(pid) + "/stat";
  return parse_stat(pid, read_proc_file(path.c_str()));
}

std::vector<ProcessInfo> all_processes() {
  std::vector<ProcessInfo> all;
  const DirPtr dir(opendir("/proc"));
  if (dir == nullptr) return all;
  while (const dirent* entry = readdir(dir.get())) {
    pid_t pid = 0;
    const std::string_view name = entry->d_name;
    const auto [rest, error] = std::from_chars(name.data(), name.data() + name.size(), pid);
    if (error != std::errc() || rest != name.data() + name.size()) continue;
    if (const auto info = process_info(pid)) all.push_back(*info);
  }
  return all;
}

std::vector<ProcessInfo> descendants(std::span<const ProcessInfo> all,
                                     std::span<const pid_t> roots) {
  std::vector<ProcessInfo> found;
  std::vector<pid_t> level(roots.begin(), roots.end());
  while (!level.empty()) {
    std::ranges::sort(level);
    std::vector<pid_t> next;
    for (const ProcessInfo& info : all) {
      if (!std::ranges::binary_search(level, info.parent)) continue;
      if (std::ranges::find(roots, info.id.pid) != roots.end()) continue;
      if (contains(found, info.id.pid)) continue;  // a number that changed hands while we read
      found.push_back(info);
      next.push_back(info.id.pid);
    }
    level.swap(next);
  }
  return found;
}

Fd open_process(const ProcessId& id) {
  Fd process(static_cast<int>(syscall(SYS_pidfd_open, id.pid, 0)));
  if (!process.valid()) return process;
  // The pidfd holds whoever has the number now; only the start time says that it is the right one.
  const auto info = process_info(id.pid);
  if (!info.has_value() || info->id != id || info->state == 'Z') process.reset();
  return process;
}

bool signal_process(const Fd& process, int signal) {
  return process.valid() && syscall(SYS_pidfd_send_signal, process.get(), signal, nullptr, 0) == 0;
}

bool signal_process(const ProcessId& id, int signal) {
  return signal_process(open_process(id), signal);
}

std::vector<ProcessInfo> kill_remains(const Remains& remains, int limit_ms) {
  using Steady = std::chrono::steady_clock;
  const auto end = Steady::now() + std::chrono::milliseconds(limit_ms);
  while (true) {
    const std::vector<ProcessInfo> found = find_remains(remains);
    if (found.empty()) return {};
    std::vector<Fd> killed;
    std::vector<pollfd> ends;
    for (const ProcessInfo& info : found) {
      Fd process = open_process(info.id);
      if (!signal_process(process, SIGKILL)) continue;
      ends.push_back({process.get(), POLLIN, 0});
      killed.push_back(std::move(process));
    }
    if (Steady::now() >= end) return found;
    // Wakes when the first one died; a look follows at the latest after the pause.
    poll(ends.data(), ends.size(), kSweepPauseMs);
  }
}

}  // namespace cordyna::local
