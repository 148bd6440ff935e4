// The tasks inside of a `switch` or a `foreach`.
#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "flow/task_reader.hpp"
#include "template/template.hpp"

namespace cordyna::flow {
namespace {

/// Whether `items` can be a list: written out, as a template, or as a range.
bool check_items(const Node& node, Reporter& reporter) {
  if (node.kind == NodeKind::kList) return true;
  if (node.kind == NodeKind::kString && tmpl::has_template(node.text)) return true;
  if (node.kind != NodeKind::kMap) {
    reporter.error(node, Code::kWrongType,
                   "'items' wants a list, a template that gives one, such as "
                   "\"{{ inputs.names }}\", or a range {from: 1, to: 10}");
    return false;
  }
  bool good = true;
  const auto refuse = [&](const Node& at, Code code, std::string message) {
    reporter.error(at, code, std::move(message));
    good = false;
  };
  for (const Node* key = node.first; key != nullptr; key = key->next->next) {
    const Node& value = *key->next;
    if (key->text != "from" && key->text != "to" && key->text != "step") {
      refuse(*key, Code::kUnknownKey,
             fmt::format("unknown key {} in 'items'; a range has from, to and step",
                         quoted(key->text)));
    } else if (value.kind != NodeKind::kInt &&
               !(value.kind == NodeKind::kString && tmpl::has_template(value.text))) {
      refuse(value, Code::kWrongType,
             fmt::format("'{}' of a range wants a whole number, or a template that gives one",
                         key->text));
    } else if (key->text == "step" && value.text == "0") {
      refuse(value, Code::kBadValue, "'step' of a range is not 0");
    }
  }
  for (const std::string_view key : {"from", "to"}) {
    if (node.find(key) != nullptr) continue;
    refuse(node, Code::kMissingKey, fmt::format("a range in 'items' has no '{}'", key));
  }
  return good;
}

}  // namespace

void TaskReader::read_all(const Node& list, const TaskPlace& place, std::vector<TaskDraft>& out) {
  for (const Node* item = list.first; item != nullptr; item = item->next) {
    const auto at = static_cast<TaskIndex>(out.size());
    out.push_back(read(*item, place));
    const TaskType* type = out[at].type;
    if (type != nullptr && type->name == "switch") read_switch(at, out);
    if (type != nullptr && type->name == "foreach") read_foreach(at, out);
  }
}

void TaskReader::no_limits_of_its_own(TaskDraft& draft) {
  for (const std::string_view key : {"retry", "timeouts", "timeout", "env"}) {
    refuse_key(draft, key, fmt::format("that is for the tasks inside of a {}", draft.type->name));
  }
  draft.spec.retry = Retry{};
  draft.spec.timeouts = Timeouts{};
  draft.spec.timeout = 0;
  draft.spec.env.clear();
}

void TaskReader::read_foreach(TaskIndex at, std::vector<TaskDraft>& out) {
  no_limits_of_its_own(out[at]);
  const Node& node = *out[at].node;
  const auto param = std::ranges::find(out[at].params, "items", &JsonFields::value_type::first);
  const Node* items = node.find("items");
  if (items != nullptr && param != out[at].params.end() && check_items(*items, reporter_)) {
    out[at].spec.foreach.items = param->second;
  }
  const Node* parallel = node.find("parallel");
  if (parallel != nullptr && parallel->kind == NodeKind::kInt) {
    const std::string_view text = parallel->text;
    std::from_chars(text.data(), text.data() + text.size(), out[at].spec.foreach.parallel);
  }
  const Node* tasks = node.find("tasks");
  if (tasks == nullptr || tasks->kind != NodeKind::kList) return;
  if (tasks->first == nullptr) {
    reporter_.error(*tasks, Code::kBadValue, "'tasks' is empty; a foreach wants at least one task");
  }
  const TaskPlace place{out[at].spec.section, at, 0, out[at].spec.id + "/"};
  read_all(*tasks, place, out);
}

void TaskReader::read_switch(TaskIndex at, std::vector<TaskDraft>& out) {
  no_limits_of_its_own(out[at]);
  TaskSpec& spec = out[at].spec;
  const Node& node = *out[at].node;
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
