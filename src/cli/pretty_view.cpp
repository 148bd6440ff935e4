// A live list on a terminal. What it draws it clears again in the same write, and it sets no mode
// that outlives a write: a program that dies leaves the terminal as it was.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <iterator>
#include <set>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "base/text.hpp"
#include "cli/item_counts.hpp"
#include "cli/palette.hpp"
#include "cli/renderer.hpp"
#include "cli/summary.hpp"
#include "model/layout.hpp"

namespace cordyna::cli {
namespace {

constexpr Millis kFrameEvery = 100;
constexpr Millis kTickEvery = 1000;
constexpr std::size_t kScrollMax = 60;    // lines of output a frame lets through
constexpr std::size_t kListMax = 40;      // longer flows show only what matters
constexpr std::size_t kShortMax = 16;     // tasks in the list of a longer flow
constexpr std::size_t kRememberMax = 64;  // tasks whose words are kept for the short list
constexpr std::size_t kNameMax = 36;
constexpr std::size_t kIndentMax = 4;

struct Cell {
  TaskState state = TaskState::kPending;
  bool retrying = false;
  bool held = false;
  bool waiting = false;
  bool hidden = false;  // in a foreach, which counts it
  std::uint8_t depth = 0;
  std::uint32_t attempt = 0;
  Millis started_at = 0;
  Millis ended_at = 0;
};

std::string seconds_text(Millis delay) {
  return delay < 60'000 ? fmt::format("{}s", std::max<Millis>(delay, 0) / 1000)
                        : format_delay(delay);
}

/// Columns of a line of ours: its colours take none.
std::size_t visible_width(std::string_view line) {
  std::size_t width = 0;
  while (!line.empty()) {
    const std::size_t escape = std::min(line.find('\x1b'), line.size());
    width += display_width(line.substr(0, escape));
    line.remove_prefix(escape);
    if (!line.empty()) line.remove_prefix(std::min(line.find('m'), line.size() - 1) + 1);
  }
  return width;
}

class PrettyView final : public Renderer {
 public:
  explicit PrettyView(const RenderOptions& options) : palette_(options.colour) {}

  void begin(const FollowedRun& run, std::string& out) override;
  void update(const Update& update, std::string& out) override;
  void output(const OutputLine& line, std::string& out) override;
  void note(std::string_view text, std::string& out) override;
  void frame(Millis now, TerminalSize size, std::string& out) override;
  [[nodiscard]] Millis next_frame(Millis now) const override;
  void summary(const RunSummary& summary, std::string& out) override;
  void finish(Millis now, TerminalSize size, std::string& out) override;

 private:
  void scroll(std::string line);
  void scroll_output(const OutputLine& line);
  void scroll_words(const Update& update);
  void update_item(const Update& update, const ItemCounts::Loop* loop);
  void erase(TerminalSize size, std::string& out);
  void draw(Millis now, TerminalSize size, bool last, std::string& out);
  std::vector<std::string> lines(Millis now, TerminalSize size, bool last) const;
  [[nodiscard]] std::string head(Millis now, std::size_t columns) const;
  [[nodiscard]] std::string task_line(std::size_t task, Millis now, bool tree,
                                      std::size_t columns) const;
  void change(std::size_t task, const Update& update);
  void remember(std::size_t task, std::string text);
  [[nodiscard]] std::size_t count(TaskState state) const {
    return counts_[static_cast<std::size_t>(state)];
  }

  Palette palette_;
  FollowedRun run_;
  RunState state_ = RunState::kPending;
  Millis started_at_ = 0;
  Millis ended_at_ = 0;
  std::vector<Cell> cells_;
  std::unordered_map<std::string_view, std::size_t> index_;
  ItemCounts items_;
  std::size_t shown_ = 0;  // cells that are not hidden
  std::array<std::size_t, 8> counts_{};
  std::set<std::size_t> running_;   // queued or started
  std::set<std::size_t> troubled_;  // failed, held, waiting, or between attempts
  std::unordered_map<std::size_t, std::string> words_;  // of those: last line, error
  std::vector<std::string> scroll_;
  std::size_t scroll_dropped_ = 0;
  std::vector<std::size_t> drawn_;  // widths of the lines on the terminal
  std::size_t name_width_ = 8;
  bool dirty_ = true;
  Millis drawn_at_ = 0;
};

void PrettyView::begin(const FollowedRun& run, std::string& /*out*/) {
  if (run_.no != 0) return;
  run_ = run;
  if (run.flow == nullptr) return;
  items_ = ItemCounts(run.flow);
  const auto& tasks = run.flow->tasks;
  cells_.resize(tasks.size());
  index_.reserve(tasks.size());
  for (std::size_t i = 0; i < tasks.size(); ++i) {
    index_.emplace(tasks[i].id, i);
    if (tasks[i].inside != kNoTask) {
      cells_[i].depth = static_cast<std::uint8_t>(
          std::min<std::size_t>(cells_[tasks[i].inside].depth + 1u, kIndentMax));
      cells_[i].hidden =
          cells_[tasks[i].inside].hidden || !tasks[tasks[i].inside].foreach.items.empty();
    }
    if (cells_[i].hidden) continue;
    ++shown_;
    for (const TaskIndex need : tasks[i].needs) {
      // File order is not always an order of dependency; the list only hints at it.
      const std::uint8_t depth = need < cells_.size() ? cells_[need].depth : std::uint8_t{0};
      cells_[i].depth = std::max<std::uint8_t>(
          cells_[i].depth, static_cast<std::uint8_t>(std::min<std::size_t>(depth + 1, kIndentMax)));
    }
    name_width_ = std::max(name_width_, display_width(tasks[i].id) + 2 * cells_[i].depth);
  }
  name_width_ = std::min(name_width_, kNameMax);
  counts_[static_cast<std::size_t>(TaskState::kPending)] = shown_;
}

void PrettyView::scroll(std::string line) {
  dirty_ = true;
  if (scroll_.size() < kScrollMax) {
    scroll_.push_back(std::move(line));
  } else {
    ++scroll_dropped_;
  }
}

void PrettyView::remember(std::size_t task, std::string text) {
  if (words_.size() >= kRememberMax && !words_.contains(task)) return;
  words_[task] = std::move(text);
}

void PrettyView::change(std::size_t task, const Update& update) {
  Cell& cell = cells_[task];
  cell.waiting = is_waiting(update);
  const bool retrying = is_between_attempts(update) && !cell.waiting;
  cell.held = is_held(update);
  const bool pending = retrying || cell.held || cell.waiting;
  const TaskState state = pending ? TaskState::kPending : *update.task_state;
  --counts_[static_cast<std::size_t>(cell.state)];
  ++counts_[static_cast<std::size_t>(state)];
  cell.state = state;
  if (update.attempt > 0) cell.attempt = update.attempt;
  if (state == TaskState::kStarted) cell.started_at = update.at;
  if (is_final(state)) cell.ended_at = update.at;
  cell.retrying = retrying;
  const auto keep = [task](std::set<std::size_t>& set, bool in) {
    in ? static_cast<void>(set.insert(task)) : static_cast<void>(set.erase(task));
  };
  keep(running_, state == TaskState::kQueued || state == TaskState::kStarted);
  keep(troubled_, state == TaskState::kError || pending);
  const bool tells = state != TaskState::kCompleted && !update.detail.empty();
  if (tells) {
    remember(task, printable(update.detail));
  } else if (state == TaskState::kCompleted || state == TaskState::kStarted) {
    words_.erase(task);
  }
}

void PrettyView::update(const Update& update, std::string& /*out*/) {
  dirty_ = true;
  if (started_at_ == 0) started_at_ = update.at;
  if (update.task.empty()) {
    if (update.run_state.has_value()) state_ = *update.run_state;
    ended_at_ = rests(state_) ? update.at : 0;
    if (!update.detail.empty()) scroll(printable(update.detail));
    return;
  }
  const ItemCounts::Loop* loop = items_.take(update);
  const std::string task = task_in_path(update.task);
  const auto found = index_.find(task);
  if (found == index_.end()) return;
  if (task != update.task) return update_item(update, loop);
  const bool pending = is_between_attempts(update) || is_held(update) || is_waiting(update);
  if (!update.task_state.has_value() && !pending) return;
  const bool says =
      run_.flow->tasks[found->second].type == "log" && update.task_state == TaskState::kCompleted;
  change(found->second, update);
  if (loop != nullptr) remember(found->second, ItemCounts::text(*loop));
  if (says) scroll_words(update);
}

/// A task in a foreach: the line of the outermost one counts it.
void PrettyView::update_item(const Update& update, const ItemCounts::Loop* loop) {
  const auto outer = index_.find(std::string_view(update.task).substr(0, update.task.find('[')));
  if (outer != index_.end() && loop != nullptr) remember(outer->second, ItemCounts::text(*loop));
  const TaskSpec& spec = run_.flow->tasks[index_.at(task_in_path(update.task))];
  if (update.task_state == TaskState::kError || is_held(update)) {
    const Colour colour = is_held(update) ? Colour::kYellow : Colour::kRed;
    scroll(palette_.paint(colour, printable(update.task) + " │ ") + printable(update.detail));
  } else if (spec.type == "log" && update.task_state == TaskState::kCompleted) {
    scroll_words(update);
  }
}

void PrettyView::scroll_words(const Update& update) {
  std::string_view text = update.detail;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    scroll_output(
        {update.at, update.run, update.task, update.attempt, 'o', false, text.substr(0, end)});
    text.remove_prefix(std::min(end + 1, text.size()));
  }
}

void PrettyView::output(const OutputLine& line, std::string& /*out*/) {
  scroll_output(line);
}

void PrettyView::scroll_output(const OutputLine& line) {
  if (scroll_.size() >= kScrollMax) {
    ++scroll_dropped_;
    dirty_ = true;
    return;
  }
  const std::string text = printable(line.text);
  const Colour colour = line.stream == 'o' ? Colour::kDim : Colour::kYellow;
  scroll(palette_.paint(colour, printable(line.task) + " │ ") + text);
  const auto found = index_.find(line.task);
  if (found != index_.end() && cells_[found->second].state == TaskState::kStarted) {
    remember(found->second, fit(text, 200));
  }
}

void PrettyView::note(std::string_view text, std::string& /*out*/) {
  scroll(palette_.paint(Colour::kBold, text));
}

std::string PrettyView::head(Millis now, std::size_t columns) const {
  const Millis until = ended_at_ > 0 ? ended_at_ : now;
  std::string out = fmt::format("{} {} · run {} · {}", symbol_of(state_),
                                run_.flow != nullptr ? run_.flow->id : "", run_.no,
                                started_at_ > 0 ? seconds_text(until - started_at_) : "0s");
  const std::size_t all = shown_;
  std::size_t done = 0;
  for (std::size_t i = 0; i < counts_.size(); ++i) {
    if (is_final(static_cast<TaskState>(i))) done += counts_[i];
  }
  constexpr std::size_t kBar = 20;
  if (columns > 60 && all > 0) {
    const std::size_t full = done * kBar / all;
    out += "  ";
    for (std::size_t i = 0; i < kBar; ++i) out += i < full ? "━" : "╌";
  }
  out += fmt::format("  {}/{}", grouped(done), grouped(all));
  const auto part = [&](TaskState state, std::string_view word) {
    if (count(state) > 0) out += fmt::format(" · {} {}", grouped(count(state)), word);
  };
  part(TaskState::kStarted, "running");
  part(TaskState::kError, "failed");
  part(TaskState::kBlocked, "blocked");
  part(TaskState::kSkipped, "skipped");
  part(TaskState::kCancelled, "cancelled");
  return palette_.paint(colour_of(state_), fit(out, columns));
}

std::string PrettyView::task_line(std::size_t task, Millis now, bool tree,
                                  std::size_t columns) const {
  const Cell& cell = cells_[task];
  std::string name(tree ? std::size_t{2} * cell.depth : 0, ' ');
  name += printable(run_.flow->tasks[task].id);
  std::string time;
  if (cell.started_at > 0) {
    time = cell.ended_at > 0                   ? format_delay(cell.ended_at - cell.started_at)
           : cell.state == TaskState::kStarted ? seconds_text(now - cell.started_at)
                                               : "";
  }
  const std::string front =
      fmt::format("  {} {}",
                  cell.held ? palette_.paint(Colour::kYellow, symbol_of(RunState::kPaused))
                            : palette_.paint(colour_of(cell.state), symbol_of(cell.state)),
                  pad(name, name_width_));
  std::string rest = fmt::format(" {:>7}", time);
  if (cell.attempt > 1) rest += fmt::format("  attempt {}", cell.attempt);
  if (cell.retrying) rest += "  will be tried again";
  const auto words = words_.find(task);
  const std::size_t used = 4 + name_width_ + display_width(rest) + 2;
  std::string tail;
  if (words != words_.end() && used < columns) {
    const Colour colour = cell.state == TaskState::kError ? Colour::kRed
                          : cell.held                     ? Colour::kYellow
                                                          : Colour::kDim;
    tail = "  " + palette_.paint(colour, fit(words->second, columns - used));
  }
  const std::size_t left = 4 + name_width_;
  return left >= columns ? fit(name, columns) : front + fit(rest, columns - left) + tail;
}

std::vector<std::string> PrettyView::lines(Millis now, TerminalSize size, bool last) const {
  const std::size_t columns = size.columns > 1 ? size.columns - 1 : 1;
  std::vector<std::string> out;
  // At the end the list may be longer than the terminal is high: nothing is drawn over it.
  const std::size_t room = last ? kListMax : size.rows > 4 ? size.rows - 3 : 1;
  out.push_back(head(now, columns));
  if (shown_ <= std::min(room, kListMax)) {
    for (std::size_t i = 0; i < cells_.size(); ++i) {
      if (cells_[i].hidden) continue;
      out.push_back(task_line(i, now, true, columns));
    }
    return out;
  }
  if (last) return out;  // the summary tells what failed
  const std::size_t most = std::min(room, kShortMax);
  for (const auto* set : {&running_, &troubled_}) {
    for (const std::size_t task : *set) {
      if (out.size() > most) break;
      out.push_back(task_line(task, now, false, columns));
    }
  }
  const std::size_t all = running_.size() + troubled_.size();
  if (all > out.size() - 1) {
    out.push_back(fit(fmt::format("  … {} more", grouped(all - (out.size() - 1))), columns));
  }
  return out;
}

/// Up to the first line that was drawn. Lines that were wider than the terminal is now take more
/// rows where it breaks lines anew.
void PrettyView::erase(TerminalSize size, std::string& out) {
  std::size_t rows = 0;
  for (const std::size_t width : drawn_) {
    rows += 1 + (width > 0 ? (width - 1) / std::max<std::size_t>(size.columns, 1) : 0);
  }
  if (rows > 0) fmt::format_to(std::back_inserter(out), "\r\x1b[{}A\x1b[J", rows);
  drawn_.clear();
}

void PrettyView::draw(Millis now, TerminalSize size, bool last, std::string& out) {
  erase(size, out);
  for (const std::string& line : scroll_) {
    out += line;
    out += '\n';
  }
  if (scroll_dropped_ > 0) {
    fmt::format_to(std::back_inserter(out), "… {}: dyna logs {}\n",
                   counted(scroll_dropped_, "more line"), run_.no);
  }
  scroll_.clear();
  scroll_dropped_ = 0;
  if (run_.no != 0) {
    for (const std::string& line : lines(now, size, last)) {
      out += line;
      out += '\n';
      drawn_.push_back(visible_width(line));
    }
  }
  if (last) drawn_.clear();
  dirty_ = false;
  drawn_at_ = now;
}

void PrettyView::frame(Millis now, TerminalSize size, std::string& out) {
  if (next_frame(now) > 0) return;
  draw(now, size, false, out);
}

Millis PrettyView::next_frame(Millis now) const {
  if (drawn_at_ == 0)
    return run_.no == 0 || started_at_ == 0 ? -1
                                            : std::max<Millis>(0, started_at_ + kFrameEvery - now);
  if (dirty_) return std::max<Millis>(0, drawn_at_ + kFrameEvery - now);
  if (count(TaskState::kStarted) == 0) return -1;
  return std::max<Millis>(0, drawn_at_ + kTickEvery - now);
}

void PrettyView::summary(const RunSummary& summary, std::string& out) {
  out += format_summary(summary, palette_);
}

void PrettyView::finish(Millis now, TerminalSize size, std::string& out) {
  draw(now, size, true, out);
}

}  // namespace

std::unique_ptr<Renderer> make_pretty_view(const RenderOptions& options) {
  return std::make_unique<PrettyView>(options);
}

}  // namespace cordyna::cli
