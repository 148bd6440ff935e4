/// The thread that shows runs: takes updates, adds the output of tasks, renders, writes.
///
/// It never slows cerebro down: when it is behind, updates are dropped from its queue, and it reads
/// what it missed from the store. Threads: `offer`, `begin`, `note` from any; the rest from one.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>
#include <unordered_map>
#include <vector>

#include "base/result.hpp"
#include "cli/output.hpp"
#include "cli/renderer.hpp"
#include "cli/summary.hpp"
#include "cli/task_output.hpp"
#include "model/layout.hpp"
#include "ports/clock.hpp"
#include "ports/store.hpp"
#include "service/history.hpp"

namespace cordyna::cli {

using OpenReader = std::function<Result<std::unique_ptr<StoreReader>>(const StateLayout&)>;

struct ViewParts {
  StateLayout layout;
  OpenReader open_reader;
  const Clock& clock;
  Output& output;                             ///< used by the view alone until finish()
  std::unique_ptr<TaskOutput> task_output{};  ///< null: the log files of the state folder
};

class View {
 public:
  View(ViewParts parts, std::unique_ptr<Renderer> renderer);
  ~View();
  View(const View&) = delete;
  View& operator=(const View&) = delete;

  /// A run that is to be shown; updates of others are ignored. `whole`: shows what its history
  /// holds already after number `after`, now. Repeats are harmless.
  void begin(const FollowedRun& run, bool whole, std::int64_t after = 0);

  /// Never waits. What does not fit is read from the store later.
  void offer(std::vector<Update> updates);
  /// Waits until there is room: for sources that can be slowed down.
  void give(std::vector<Update> updates);
  void note(std::string text);
  void resized();

  /// Shows what is there, then the summaries, and ends the thread.
  void finish(const std::vector<RunSummary>& summaries);

 private:
  struct Run {
    FollowedRun followed;
    std::int64_t seq = 0;                                   // shown up to here
    std::unordered_map<std::string_view, TaskIndex> index;  // made with the first task that runs
  };
  struct Begun {
    FollowedRun run;
    std::int64_t after = 0;
  };
  struct Inbox {
    std::vector<Begun> begun;
    std::vector<RunNo> whole;
    std::vector<Update> updates;
    std::vector<std::string> notes;
    bool gap = false;
  };

  void loop();
  Inbox wait();
  void take(Inbox inbox);
  void show(Run& run, const Update& update);
  void follow_output(Run& run, const Update& update);
  void catch_up(Run& run);
  void show_frame();
  void flush();
  void wake();
  TaskOutput::Sink sink();

  ViewParts parts_;
  std::unique_ptr<Renderer> renderer_;
  int wake_fd_;
  std::mutex mutex_;
  std::condition_variable room_;
  std::condition_variable urgent_;
  Inbox inbox_;
  bool ending_ = false;
  bool thread_ended_ = false;

  // Of the view's thread; of finish() after it.
  std::map<RunNo, Run> runs_;
  std::unique_ptr<TaskOutput> tail_;
  std::unique_ptr<StoreReader> reader_;
  std::unique_ptr<History> history_;
  std::string text_;
  std::thread thread_;
};

}  // namespace cordyna::cli
