// One line a change, for files, pipes and simple terminals.
#include <fmt/format.h>

#include <iterator>
#include <map>
#include <unordered_map>

#include "base/text.hpp"
#include "cli/item_counts.hpp"
#include "cli/renderer.hpp"
#include "cli/summary.hpp"

namespace cordyna::cli {
namespace {

/// "07:50:00" of a point in time, in UTC. The last second is kept: most lines share it.
class SecondText {
 public:
  std::string_view of(Millis at) {
    if (at / 1000 != second_) {
      second_ = at / 1000;
      text_ = format_timestamp(at).substr(11, 8);
    }
    return text_;
  }

 private:
  Millis second_ = -1;
  std::string text_;
};

constexpr std::size_t kTellings = 10;     // lines about the items of one foreach
constexpr std::size_t kFailedShown = 20;  // tasks in them that fail

class PlainView final : public Renderer {
 public:
  explicit PlainView(const RenderOptions& options) : options_(options), palette_(options.colour) {}

  void begin(const FollowedRun& run, std::string& out) override {
    if (run.flow == nullptr) return;
    names_[run.no] = run.flow->id;
    items_.insert_or_assign(run.no, ItemCounts(run.flow));
    if (options_.many_runs) {
      fmt::format_to(std::back_inserter(out), "run {}: {} {}\n", run.no, run.flow->id,
                     run.id.value);
    }
  }

  void update(const Update& update, std::string& out) override {
    if (update.task.empty()) {
      run_line(update, out);
    } else if (count_items(update, out)) {
      started_[update.run].erase(update.task);
    } else if (is_held(update)) {
      started_[update.run].erase(update.task);
      line(update, "held", Colour::kYellow,
           std::string_view(update.detail).substr(std::string_view("held: ").size()), out);
    } else if (is_waiting(update)) {
      started_[update.run].erase(update.task);
      const std::size_t colon = update.detail.find(": ");
      line(update, std::string_view(update.detail).substr(0, colon), Colour::kDim,
           std::string_view(update.detail).substr(colon + 2), out);
    } else if (update.task_state.has_value()) {
      task_line(update, out);
    } else if (is_between_attempts(update)) {
      started_[update.run].erase(update.task);
      line(update, "failed, will be tried again", Colour::kYellow, update.detail, out);
    } else if (!update.detail.empty()) {
      line(update, "note", Colour::kDim, update.detail, out);
    }
  }

  void output(const OutputLine& line, std::string& out) override {
    if (options_.many_runs) fmt::format_to(std::back_inserter(out), "{}/", line.run);
    append_printable(out, line.task);
    out += line.stream == 'o' ? " | " : line.stream == 'e' ? " ! " : " # ";
    append_printable(out, line.text);
    out += '\n';
  }

  [[nodiscard]] bool wants_output() const override { return options_.output; }

  void note(std::string_view text, std::string& out) override {
    out += text;
    out += '\n';
  }

  void frame(Millis /*now*/, TerminalSize /*size*/, std::string& /*out*/) override {}
  [[nodiscard]] Millis next_frame(Millis /*now*/) const override { return -1; }

  void summary(const RunSummary& summary, std::string& out) override {
    out += format_summary(summary, palette_);
  }

  void finish(Millis /*now*/, TerminalSize /*size*/, std::string& /*out*/) override {}

 private:
  void run_line(const Update& update, std::string& out) {
    out += seconds_.of(update.at);
    fmt::format_to(std::back_inserter(out), "  run {}", update.run);
    if (update.run_state.has_value()) {
      out += ' ';
      out += palette_.paint(colour_of(*update.run_state), to_string(*update.run_state));
    }
    const auto name = names_.find(update.run);
    if (update.run_state == RunState::kRunning && name != names_.end()) {
      out += ": " + name->second;
    }
    if (!update.detail.empty()) {
      out += ": ";
      append_printable(out, update.detail);
    }
    out += '\n';
  }

  /// Of very many items only how many there are, and the first that fail. True: that was all.
  bool count_items(const Update& update, std::string& out) {
    ItemCounts& counts = items_[update.run];
    const ItemCounts::Loop* loop = counts.take(update);
    if (loop == nullptr || !counts.too_many(update.task)) return false;
    const std::string path = update.task.substr(0, update.task.find('['));
    std::size_t& told = told_[{update.run, path}];
    if (loop->ended * kTellings / loop->items > told) {
      told = loop->ended * kTellings / loop->items;
      Update about;
      about.at = update.at;
      about.run = update.run;
      about.task = path;
      line(about, ItemCounts::text(*loop), Colour::kDim, {}, out);
    }
    return update.task_state != TaskState::kError || loop->failed > kFailedShown;
  }

  void task_line(const Update& update, std::string& out) {
    const TaskState state = *update.task_state;
    // Its start follows at once or soon; only a start is worth a line.
    if (state == TaskState::kQueued) return;
    if (state == TaskState::kStarted) {
      started_[update.run].insert_or_assign(update.task, update.at);
    }
    const std::string_view word = to_string(state);
    std::string detail = update.detail;
    if (is_final(state)) {
      auto& started = started_[update.run];
      const auto since = started.find(update.task);
      if (since != started.end()) {
        const std::string took = format_delay(update.at - since->second);
        detail = detail.empty() ? "in " + took : fmt::format("after {}: {}", took, detail);
        started.erase(since);
      }
    }
    line(update, word, colour_of(state), detail, out);
  }

  void line(const Update& update, std::string_view word, Colour colour, std::string_view detail,
            std::string& out) {
    out += seconds_.of(update.at);
    out += "  ";
    if (options_.many_runs) fmt::format_to(std::back_inserter(out), "{}/", update.run);
    append_printable(out, update.task);
    out += "  ";
    // "blocked by x" says it already.
    const bool said = detail.starts_with(word) && detail.substr(word.size()).starts_with(' ');
    if (palette_.on()) {
      out += palette_.paint(colour, word);
    } else {
      out += word;
    }
    if (said) detail.remove_prefix(word.size() + 1);
    if (update.attempt > 1) {
      fmt::format_to(std::back_inserter(out), " (attempt {})", update.attempt);
    }
    if (!detail.empty()) {
      out += said || detail.starts_with("in ") ? " " : ": ";
      append_printable(out, detail);
    }
    out += '\n';
  }

  RenderOptions options_;
  Palette palette_;
  SecondText seconds_;
  std::map<RunNo, std::string> names_;
  std::map<RunNo, ItemCounts> items_;
  std::map<std::pair<RunNo, std::string>, std::size_t> told_;         // tenths of a foreach
  std::map<RunNo, std::unordered_map<std::string, Millis>> started_;  // of tasks that run now
};

}  // namespace

std::unique_ptr<Renderer> make_plain_view(const RenderOptions& options) {
  return std::make_unique<PlainView>(options);
}

}  // namespace cordyna::cli
