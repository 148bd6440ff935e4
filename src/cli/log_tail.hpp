/// The output of attempts as it comes, from their log files.
///
/// A guardian makes the file with the first line of output, in the attempt's folder. Threads: one.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <utility>

#include "cli/task_output.hpp"
#include "model/layout.hpp"
#include "model/rows.hpp"
#include "service/update.hpp"

namespace cordyna::cli {

class LogTail final : public TaskOutput {
 public:
  explicit LogTail(StateLayout layout) : layout_(std::move(layout)) {}
  ~LogTail() override;

  void start(RunNo run, std::string_view path, TaskIndex task, std::uint32_t attempt) override;
  void finish(RunNo run, std::string_view path, TaskIndex task, std::uint32_t attempt,
              const Sink& sink) override;
  void watch(const Sink& sink) override;
  void read_changed(const Sink& sink) override;
  void read_all(const Sink& sink) override;
  [[nodiscard]] int fd() const override { return inotify_; }

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
