// The tasks inside of a `switch`.
#include <algorithm>

#include "flow/task_reader.hpp"

namespace cordyna::flow {

void TaskReader::read_all(const Node& list, const TaskPlace& place, std::vector<TaskDraft>& out) {
  for (const Node* item = list.first; item != nullptr; item = item->next) {
    const auto at = static_cast<TaskIndex>(out.size());
    out.push_back(read(*item, place));
    const TaskType* type = out[at].type;
    if (type != nullptr && type->name == "switch") read_switch(at, out);
  }
}

void TaskReader::read_switch(TaskIndex at, std::vector<TaskDraft>& out) {
  TaskSpec& spec = out[at].spec;
  const Node& node = *out[at].node;
  for (const std::string_view key : {"retry", "timeouts", "timeout", "env"}) {
    refuse_key(out[at], key, "that is for the tasks inside of a switch");
  }
  spec.retry = Retry{};
  spec.timeouts = Timeouts{};
  spec.timeout = 0;
  spec.env.clear();
  const Node* value = node.find("value");
  if (value != nullptr && value->is_scalar()) spec.choice.value = value->text;

  std::vector<std::pair<std::string_view, const Node*>> cases;
  const Node* map = node.find("cases");
  if (map != nullptr && map->kind == NodeKind::kMap) {
    for (const Node* key = map->first; key != nullptr; key = key->next->next) {
      cases.emplace_back(key->text, key->next);
      if (key->text != kDefaultCase) continue;
      reporter_.error(*key, Code::kBadValue,
                      "what no case takes is written as 'default' beside 'cases'");
    }
  }
  // The canonical form sorts them, and a task keeps its place in it.
  std::ranges::sort(cases);
  const Node* rest = node.find("default");
  if (rest != nullptr) cases.emplace_back(kDefaultCase, rest);
  TaskPlace place{spec.section, at, 0, spec.id + "/"};
  for (const auto& [name, tasks] : cases) {
    out[at].spec.choice.cases.emplace_back(name);
    if (tasks->kind == NodeKind::kList) read_all(*tasks, place, out);
    ++place.branch;
  }
}

}  // namespace cordyna::flow
