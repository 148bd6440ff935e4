/// Follows the log files of attempts that run: their output, as it comes.
///
/// A guardian makes the file with the first line of output, in the attempt's folder. Threads: one.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <utility>

#include "model/layout.hpp"
#include "model/rows.hpp"
#include "service/update.hpp"

namespace cordyna::cli {

class LogTail {
 public:
  using Sink = std::function<void(const OutputLine&)>;

  explicit LogTail(StateLayout layout) : layout_(std::move(layout)) {}
  ~LogTail();
  LogTail(const LogTail&) = delete;
  LogTail& operator=(const LogTail&) = delete;

  /// Begins with the file's start. A repeat of the same attempt is harmless.
  void start(RunNo run, std::string_view path, TaskIndex task, std::uint32_t attempt);
  /// Reads to the end of the file and forgets it: call when the attempt ended. An attempt that was
  /// never started here is read wholly.
  void finish(RunNo run, std::string_view path, TaskIndex task, std::uint32_t attempt,
              const Sink& sink);
  /// Puts watches on what was started and has none yet, and reads what is there already. Apart from
  /// start(), so that attempts that end at once cost no watch.
  void watch(const Sink& sink);
  /// Reads what changed; for when fd() is readable.
  void read_changed(const Sink& sink);
  /// Reads everything to its end.
  void read_all(const Sink& sink);

  /// For poll; negative: nothing is watched.
  [[nodiscard]] int fd() const { return inotify_; }

 private:
  struct Tail {
    RunNo run = 0;
    std::string path;
    std::string folder;
    std::uint32_t attempt = 0;
    int file = -1;
    int watch = -1;
    bool tried = false;
    std::string rest;  // the front of a line that is not whole yet
  };
  using Key = std::pair<RunNo, std::string>;

  static bool open(Tail& tail);
  static void read(Tail& tail, const Sink& sink);
  static void emit(Tail& tail, std::string_view text, const Sink& sink);
  void close(Tail& tail);

  StateLayout layout_;
  int inotify_ = -1;
  std::map<Key, Tail> tails_;
  std::map<int, Key> watches_;
  bool unwatched_ = false;
};

}  // namespace cordyna::cli
