#include "cli/view.hpp"

#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <iterator>
#include <utility>

#include "base/check.hpp"
#include "cli/log_tail.hpp"
#include "model/layout.hpp"

namespace cordyna::cli {
namespace {

constexpr std::size_t kQueueMax = 16384;      // updates that wait
constexpr std::uint32_t kHistoryPage = 2000;  // history rows at once
constexpr std::size_t kTextMax = 256 << 10;   // text that waits to be written
// Between two looks at the inbox. Nobody sees the difference, and where tasks end every few hundred
// microseconds, waking for each of them would take time from the tasks.
constexpr std::chrono::milliseconds kCalm{10};

}  // namespace

View::View(ViewParts parts, std::unique_ptr<Renderer> renderer)
    : parts_(std::move(parts)),
      renderer_(std::move(renderer)),
      wake_fd_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)),
      tail_(std::move(parts_.task_output)) {
  CHECK(wake_fd_ >= 0);
  if (tail_ == nullptr) tail_ = std::make_unique<LogTail>(parts_.layout);
  thread_ = std::thread([this] { loop(); });
}

View::~View() {
  finish({});
  ::close(wake_fd_);
}

void View::wake() {
  const std::uint64_t one = 1;
  // Full means that it is woken already.
  [[maybe_unused]] const ssize_t written = ::write(wake_fd_, &one, sizeof one);
}

void View::begin(const FollowedRun& run, bool whole, std::int64_t after) {
  {
    const std::lock_guard lock(mutex_);
    inbox_.begun.push_back({run, after});
    if (whole) inbox_.whole.push_back(run.no);
  }
  wake();
}

void View::offer(std::vector<Update> updates) {
  bool was_empty = false;
  {
    const std::lock_guard lock(mutex_);
    was_empty = inbox_.updates.empty() && !inbox_.gap;
    if (inbox_.updates.size() >= kQueueMax) {
      inbox_.gap = true;
    } else if (!inbox_.gap) {  // after a gap the store has them, in order
      inbox_.updates.insert(inbox_.updates.end(), std::make_move_iterator(updates.begin()),
                            std::make_move_iterator(updates.end()));
    }
  }
  if (was_empty) wake();
}

void View::give(std::vector<Update> updates) {
  {
    std::unique_lock lock(mutex_);
    room_.wait(lock, [this] { return inbox_.updates.size() < kQueueMax || thread_ended_; });
  }
  offer(std::move(updates));
}

void View::note(std::string text) {
  {
    const std::lock_guard lock(mutex_);
    inbox_.notes.push_back(std::move(text));
  }
  urgent_.notify_one();
  wake();
}

void View::resized() {
  wake();
}

View::Inbox View::wait() {
  const Millis until = renderer_->next_frame(parts_.clock.now());
  std::array<pollfd, 2> fds{pollfd{wake_fd_, POLLIN, 0}, pollfd{tail_->fd(), POLLIN, 0}};
  const int timeout = until < 0 ? -1 : static_cast<int>(until);
  {
    const std::lock_guard lock(mutex_);
    if (ending_) return std::exchange(inbox_, {});
  }
  ::poll(fds.data(), fds.size(), timeout);
  std::uint64_t count = 0;
  [[maybe_unused]] const ssize_t got = ::read(wake_fd_, &count, sizeof count);
  if ((fds[1].revents & POLLIN) != 0) tail_->read_changed(sink());
  const std::lock_guard lock(mutex_);
  Inbox taken = std::exchange(inbox_, {});
  room_.notify_all();
  return taken;
}

void View::loop() {
  for (;;) {
    Inbox inbox = wait();
    const bool empty = inbox.begun.empty() && inbox.updates.empty() && inbox.notes.empty() &&
                       inbox.whole.empty() && !inbox.gap;
    take(std::move(inbox));
    tail_->watch(sink());
    show_frame();
    flush();
    std::unique_lock lock(mutex_);
    if (ending_ && empty) {
      thread_ended_ = true;
      room_.notify_all();
      return;
    }
    urgent_.wait_for(lock, kCalm, [this] { return ending_ || !inbox_.notes.empty(); });
  }
}

void View::take(Inbox inbox) {
  for (Begun& begun : inbox.begun) {
    const RunNo no = begun.run.no;
    if (runs_.contains(no)) continue;
    Run& kept = runs_[no];
    kept.followed = std::move(begun.run);
    kept.seq = begun.after;
    renderer_->begin(kept.followed, text_);
  }
  for (const RunNo no : inbox.whole) catch_up(runs_[no]);
  for (const Update& update : inbox.updates) {
    const auto run = runs_.find(update.run);
    if (run == runs_.end()) continue;
    if (update.seq > run->second.seq + 1) catch_up(run->second);
    if (update.seq > run->second.seq) show(run->second, update);
    if (text_.size() > kTextMax) flush();
  }
  if (inbox.gap) {
    for (auto& [no, run] : runs_) catch_up(run);
  }
  for (const std::string& note : inbox.notes) renderer_->note(note, text_);
}

void View::show(Run& run, const Update& update) {
  run.seq = std::max(run.seq, update.seq);
  if (renderer_->wants_output()) follow_output(run, update);
  renderer_->update(update, text_);
}

void View::follow_output(Run& run, const Update& update) {
  const Flow* flow = run.followed.flow.get();
  if (flow == nullptr || !update.attempt_state.has_value() || update.attempt == 0) return;
  const AttemptState state = *update.attempt_state;
  if (state != AttemptState::kStarted && !is_final(state)) return;
  if (run.index.empty()) {
    for (std::size_t i = 0; i < flow->tasks.size(); ++i) {
      const TaskKind kind = flow->tasks[i].kind;
      if (kind != TaskKind::kProcess && kind != TaskKind::kServed) continue;
      run.index.emplace(flow->tasks[i].id, static_cast<TaskIndex>(i));
    }
    if (run.index.empty()) run.index.emplace("", 0);  // only tasks without output
  }
  const auto task = run.index.find(task_in_path(update.task));
  if (task == run.index.end()) return;
  if (state == AttemptState::kStarted) {
    tail_->start(update.run, update.task, task->second, update.attempt);
  } else {
    tail_->finish(update.run, update.task, task->second, update.attempt, sink());
  }
}

void View::catch_up(Run& run) {
  if (history_ == nullptr) {
    auto opened = parts_.open_reader(parts_.layout);
    if (!opened.has_value()) return;  // with the next update it is tried again
    reader_ = std::move(*opened);
    history_ = std::make_unique<History>(*reader_);
  }
  for (;;) {
    const auto page = history_->read(run.followed.no, run.seq, kHistoryPage);
    if (!page.has_value() || page->empty()) return;
    for (const Update& update : *page) {
      show(run, update);
      if (text_.size() > kTextMax) flush();
    }
    if (page->size() < kHistoryPage) return;
  }
}

void View::show_frame() {
  const Millis now = parts_.clock.now();
  if (renderer_->next_frame(now) == 0) renderer_->frame(now, parts_.output.size(), text_);
}

void View::flush() {
  if (text_.empty()) return;
  parts_.output.write(text_);
  text_.clear();
}

TaskOutput::Sink View::sink() {
  return [this](const OutputLine& line) {
    renderer_->output(line, text_);
    if (text_.size() > kTextMax) flush();
  };
}

void View::finish(const std::vector<RunSummary>& summaries) {
  if (!thread_.joinable()) return;
  {
    const std::lock_guard lock(mutex_);
    ending_ = true;
  }
  urgent_.notify_one();
  wake();
  thread_.join();
  tail_->read_all(sink());
  renderer_->finish(parts_.clock.now(), parts_.output.size(), text_);
  for (const RunSummary& summary : summaries) renderer_->summary(summary, text_);
  flush();
}

}  // namespace cordyna::cli
