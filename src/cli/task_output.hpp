/// What attempts print, wherever it is kept: followed while they run.
///
/// Threads: one.
#pragma once

#include <cstdint>
#include <functional>
#include <string_view>

#include "model/flow.hpp"
#include "model/rows.hpp"
#include "service/update.hpp"

namespace cordyna::cli {

class TaskOutput {
 public:
  using Sink = std::function<void(const OutputLine&)>;

  TaskOutput() = default;
  TaskOutput(const TaskOutput&) = delete;
  TaskOutput& operator=(const TaskOutput&) = delete;
  virtual ~TaskOutput() = default;

  /// From the first line on. A repeat of the same attempt is harmless.
  virtual void start(RunNo run, std::string_view path, TaskIndex task, std::uint32_t attempt) = 0;
  /// Reads to the end and forgets it: call when the attempt ended. An attempt that was never
  /// started here is read wholly.
  virtual void finish(RunNo run, std::string_view path, TaskIndex task, std::uint32_t attempt,
                      const Sink& sink) = 0;
  /// Watches what was started and is not watched yet, and reads what is there already. Apart from
  /// start(), so that attempts that end at once cost no watch.
  virtual void watch(const Sink& sink) = 0;
  /// Reads what changed; for when fd() is readable.
  virtual void read_changed(const Sink& sink) = 0;
  /// Reads everything to its end.
  virtual void read_all(const Sink& sink) = 0;
  /// For poll; negative: nothing is watched.
  [[nodiscard]] virtual int fd() const = 0;
};

}  // namespace cordyna::cli
