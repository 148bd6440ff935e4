#include <fmt/format.h>

#include <algorithm>

#include "flow/linker.hpp"

namespace cordyna::flow {
namespace {

constexpr std::size_t kShownMax = 20;

enum class Colour : std::uint8_t { kNew, kOpen, kDone };

struct Step {
  TaskIndex task;
  std::size_t next;  // which of its needs comes next
};

/// "a → b → c → a", beginning with the task that stands first in the file.
std::string show(const FlowDraft& draft, std::vector<TaskIndex> circle) {
  std::ranges::rotate(circle, std::ranges::min_element(circle));
  std::string out;
  for (std::size_t i = 0; i < circle.size(); ++i) {
    if (i == kShownMax) {
      out += fmt::format("… ({} more) → ", circle.size() - i);
      break;
    }
    out += draft.tasks[circle[i]].spec.id + " → ";
  }
  return out + draft.tasks[circle.front()].spec.id;
}

void report(const FlowDraft& draft, std::vector<TaskIndex> circle, Reporter& reporter) {
  const Node& task = *draft.tasks[std::ranges::min(circle)].node;
  const Node* id = task.find("id");
  reporter.error(id == nullptr ? task : *id, Code::kCycle,
                 fmt::format("tasks need each other in a circle: {}; take one of these needs away",
                             show(draft, std::move(circle))));
}

}  // namespace

// By hand, not by recursion: a chain of 100,000 tasks is a legal flow.
void check_cycles(const FlowDraft& draft, Reporter& reporter) {
  std::vector<Colour> colours(draft.tasks.size(), Colour::kNew);
  std::vector<Step> path;
  for (TaskIndex start = 0; start < draft.tasks.size(); ++start) {
    if (colours[start] != Colour::kNew) continue;
    path.push_back({start, 0});
    colours[start] = Colour::kOpen;
    while (!path.empty()) {
      const std::vector<TaskIndex>& needs = draft.tasks[path.back().task].spec.needs;
      if (path.back().next == needs.size()) {
        colours[path.back().task] = Colour::kDone;
        path.pop_back();
        continue;
      }
      const TaskIndex need = needs[path.back().next++];
      if (colours[need] == Colour::kNew) {
        colours[need] = Colour::kOpen;
        path.push_back({need, 0});
      } else if (colours[need] == Colour::kOpen) {
        const auto begin = std::ranges::find(path, need, &Step::task);
        std::vector<TaskIndex> circle;
        for (auto at = begin; at != path.end(); ++at) circle.push_back(at->task);
        report(draft, std::move(circle), reporter);
      }
    }
  }
}

}  // namespace cordyna::flow
