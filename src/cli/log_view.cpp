// `dyna logs`: what tasks said, and nothing else.
#include <fmt/format.h>

#include <unordered_set>
#include <utility>

#include "base/text.hpp"
#include "cli/renderer.hpp"
#include "model/layout.hpp"

namespace cordyna::cli {
namespace {

class LogView final : public Renderer {
 public:
  explicit LogView(LogOptions options) : options_(std::move(options)) {}

  void begin(const FollowedRun& run, std::string& /*out*/) override {
    if (run.flow == nullptr) return;
    flow_ = run.flow;
    for (const TaskSpec& task : flow_->tasks) {
      if (task.type == "log") log_tasks_.insert(task.id);
    }
  }

  void update(const Update& update, std::string& out) override {
    if (update.task_state != TaskState::kCompleted || update.detail.empty()) return;
    if (!log_tasks_.contains(task_in_path(update.task))) return;
    output({update.at, update.run, update.task, update.attempt, 'o', false, update.detail}, out);
  }

  void output(const OutputLine& line, std::string& out) override {
    // A task in a foreach: of one item by its path, of all of them by the task's own.
    const bool all = options_.task.empty();
    if (!all && line.task != options_.task && task_in_path(line.task) != options_.task) return;
    if (options_.json) {
      append_json(out, line);
    } else {
      if (line.task != options_.task) {
        append_printable(out, line.task);
        out += line.stream == 'o' ? " | " : line.stream == 'e' ? " ! " : " # ";
      }
      append_printable(out, line.text);
    }
    out += '\n';
  }

  void note(std::string_view /*text*/, std::string& /*out*/) override {}
  void frame(Millis /*now*/, TerminalSize /*size*/, std::string& /*out*/) override {}
  [[nodiscard]] Millis next_frame(Millis /*now*/) const override { return -1; }
  void summary(const RunSummary& /*summary*/, std::string& /*out*/) override {}
  void finish(Millis /*now*/, TerminalSize /*size*/, std::string& /*out*/) override {}

 private:
  LogOptions options_;
  std::shared_ptr<const Flow> flow_;  // keeps what log_tasks_ points at
  std::unordered_set<std::string_view> log_tasks_;
};

}  // namespace

std::unique_ptr<Renderer> make_log_view(LogOptions options) {
  return std::make_unique<LogView>(std::move(options));
}

}  // namespace cordyna::cli
