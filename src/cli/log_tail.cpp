#include "cli/log_tail.hpp"

#include <fcntl.h>
#include <sys/inotify.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>

#include "model/log_format.hpp"

namespace cordyna::cli {
namespace {

constexpr std::size_t kReadBytes = 64 << 10;
/// A record is at most its text and some twenty bytes; what is longer is no log of ours.
constexpr std::size_t kRestMax = kLogTextMax + 4096;

}  // namespace

LogTail::~LogTail() {
  for (auto& [key, tail] : tails_) {
    if (tail.file >= 0) ::close(tail.file);
  }
  if (inotify_ >= 0) ::close(inotify_);
}

void LogTail::start(RunNo run, std::string_view path, TaskIndex task, std::uint32_t attempt) {
  Tail& tail = tails_[{run, std::string(path)}];
  if (tail.attempt == attempt && !tail.folder.empty()) return;
  close(tail);
  tail = Tail{};
  tail.run = run;
  tail.path = path;
  tail.attempt = attempt;
  tail.folder = layout_.attempt_folder(run, task, attempt, items_in_path(path));
  unwatched_ = true;
}

void LogTail::finish(RunNo run, std::string_view path, TaskIndex task, std::uint32_t attempt,
                     const Sink& sink) {
  start(run, path, task, attempt);
  const auto found = tails_.find({run, std::string(path)});
  read(found->second, sink);
  if (!found->second.rest.empty()) emit(found->second, found->second.rest, sink);
  close(found->second);
  tails_.erase(found);
}

bool LogTail::open(Tail& tail) {
  if (tail.file >= 0) return true;
  const std::string name = tail.folder + "/" + std::string(attempt_file::kLog);
  tail.file = ::open(name.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
  return tail.file >= 0;
}

void LogTail::emit(Tail& tail, std::string_view text, const Sink& sink) {
  const auto record = parse_log_record(text);
  if (!record.has_value()) return;
  sink({record->at, tail.run, tail.path, tail.attempt, record->stream, record->continued,
        record->text});
}

void LogTail::read(Tail& tail, const Sink& sink) {
  if (!open(tail)) return;
  std::array<char, kReadBytes> chunk;  // NOLINT(cppcoreguidelines-pro-type-member-init): read into
  for (;;) {
    const ssize_t got = ::read(tail.file, chunk.data(), chunk.size());
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) return;
    std::string_view text(chunk.data(), static_cast<std::size_t>(got));
    for (std::size_t end = text.find('\n'); end != std::string_view::npos; end = text.find('\n')) {
      if (tail.rest.empty()) {
        emit(tail, text.substr(0, end), sink);
      } else {
        tail.rest += text.substr(0, end);
        emit(tail, tail.rest, sink);
        tail.rest.clear();
      }
      text.remove_prefix(end + 1);
    }
    if (tail.rest.size() < kRestMax) tail.rest += text;
  }
}

void LogTail::watch(const Sink& sink) {
  if (!unwatched_) return;
  unwatched_ = false;
  if (inotify_ < 0) inotify_ = ::inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
  for (auto& [key, tail] : tails_) {
    if (tail.watch >= 0 || tail.tried) continue;
    tail.tried = true;
    tail.watch = ::inotify_add_watch(inotify_, tail.folder.c_str(), IN_CREATE | IN_MODIFY);
    if (tail.watch >= 0) watches_[tail.watch] = key;
    read(tail, sink);  // after the watch: what comes from here on is an event
  }
}

void LogTail::read_changed(const Sink& sink) {
  alignas(inotify_event) std::array<char, 4096> events;  // NOLINT: read into
  for (;;) {
    const ssize_t got = ::read(inotify_, events.data(), events.size());
    if (got <= 0) return;
    int last = -1;
    for (std::size_t at = 0; at < static_cast<std::size_t>(got);) {
      inotify_event event;  // NOLINT: copied into
      std::memcpy(&event, events.data() + at, sizeof event);
      at += sizeof event + event.len;
      if ((event.mask & IN_Q_OVERFLOW) != 0) read_all(sink);
      if (event.wd == last) continue;  // one write is enough to read them all
      last = event.wd;
      const auto key = watches_.find(event.wd);
      if (key == watches_.end()) continue;
      const auto tail = tails_.find(key->second);
      if (tail != tails_.end()) read(tail->second, sink);
    }
  }
}

void LogTail::read_all(const Sink& sink) {
  for (auto& [key, tail] : tails_) read(tail, sink);
}

void LogTail::close(Tail& tail) {
  if (tail.file >= 0) ::close(tail.file);
  tail.file = -1;
  if (tail.watch < 0) return;
  ::inotify_rm_watch(inotify_, tail.watch);
  watches_.erase(tail.watch);
  tail.watch = -1;
}

}  // namespace cordyna::cli
