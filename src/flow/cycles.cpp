#include <fmt/format.h>

#include <algorithm>

#include "flow/linker.hpp"

namespace cordyna::flow {
namespace {

constexpr std::size_t kShownMax = 20;

enum class Colour : std::uint8_t { kNew, kOpen, kDone };

// A task has two nodes: its end, and its begin. Without a switch or foreach the second one says
// nothing. What stands in one needs the begin of it; the end of it needs the ends of all inside.
using NodeIndex = std::size_t;

struct Step {
  NodeIndex node;
  std::size_t next;  // which of its needs comes next
};

class Needs {
 public:
  explicit Needs(const FlowDraft& draft) : draft_(draft) {}

  [[nodiscard]] std::size_t count() const { return 2 * draft_.tasks.size(); }
  [[nodiscard]] TaskIndex task_of(NodeIndex node) const {
    return static_cast<TaskIndex>(node % draft_.tasks.size());
  }
  /// The need of `node` with this number; false: it has no more.
  bool get(NodeIndex node, std::size_t number, NodeIndex& need) const {
    const std::size_t all = draft_.tasks.size();
    const TaskSpec& spec = draft_.tasks[task_of(node)].spec;
    const bool begins = node >= all;
    if (!begins && holds_tasks(task_of(node))) {
      // Its begin, then what follows it as long as that stands in it.
      need = number == 0 ? node + all : node + number;
      if (number == 0) return true;
      if (need >= all) return false;
      const TaskIndex inside = draft_.tasks[need].spec.inside;
      return inside != kNoTask && inside >= node;
    }
    if (number < spec.needs.size()) {
      need = spec.needs[number];
      return true;
    }
    need = spec.inside + all;
    return number == spec.needs.size() && spec.inside != kNoTask;
  }

 private:
  [[nodiscard]] bool holds_tasks(TaskIndex task) const {
    return draft_.tasks[task].type != nullptr && (draft_.tasks[task].type->name == "switch" ||
                                                  draft_.tasks[task].type->name == "foreach");
  }

  const FlowDraft& draft_;
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
  const Needs needs(draft);
  std::vector<Colour> colours(needs.count(), Colour::kNew);
  std::vector<Step> path;
  for (NodeIndex start = 0; start < draft.tasks.size(); ++start) {
    if (colours[start] != Colour::kNew) continue;
    path.push_back({start, 0});
    colours[start] = Colour::kOpen;
    while (!path.empty()) {
      NodeIndex need = 0;
      if (!needs.get(path.back().node, path.back().next++, need)) {
        colours[path.back().node] = Colour::kDone;
        path.pop_back();
      } else if (colours[need] == Colour::kNew) {
        colours[need] = Colour::kOpen;
        path.push_back({need, 0});
      } else if (colours[need] == Colour::kOpen) {
        std::vector<TaskIndex> circle;
        for (auto at = std::ranges::find(path, need, &Step::node); at != path.end(); ++at) {
          const TaskIndex task = needs.task_of(at->node);
          if (circle.empty() || circle.back() != task) circle.push_back(task);
        }
        report(draft, std::move(circle), reporter);
      }
    }
  }
}

}  // namespace cordyna::flow
