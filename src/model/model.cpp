#include <array>

#include "model/attempt.hpp"
#include "model/flow.hpp"
#include "model/layout.hpp"
#include "model/rows.hpp"

namespace cordyna {

std::string_view to_string(TriggerRule rule) {
  static constexpr std::array kNames{std::string_view("all_completed"),
                                     std::string_view("all_done"),
                                     std::string_view("any_completed"),
                                     std::string_view("any_error"), std::string_view("all_error")};
  return kNames[static_cast<std::size_t>(rule)];
}

std::string_view to_string(WhenFull when_full) {
  static constexpr std::array kNames{std::string_view("queue"), std::string_view("skip"),
                                     std::string_view("cancel")};
  return kNames[static_cast<std::size_t>(when_full)];
}

std::string_view to_string(InputType type) {
  static constexpr std::array kNames{
      std::string_view("string"),      std::string_view("int"),   std::string_view("float"),
      std::string_view("bool"),        std::string_view("date"),  std::string_view("datetime"),
      std::string_view("duration"),    std::string_view("json"),  std::string_view("select"),
      std::string_view("multiselect"), std::string_view("array"), std::string_view("file"),
      std::string_view("secret")};
  return kNames[static_cast<std::size_t>(type)];
}

std::string describe_inputs(const std::vector<InputSpec>& inputs) {
  std::string out;
  for (const InputSpec& input : inputs) {
    if (!out.empty()) out += ", ";
    out += input.id;
    out += " (";
    out += to_string(input.type);
    out += input.required ? ")" : ", may be left out)";
  }
  return out;
}

std::string_view name_within(const Flow& flow, TaskIndex task, TaskIndex other) {
  const std::string& path = flow.tasks[other].id;
  const TaskIndex around = flow.tasks[other].inside;
  for (TaskIndex at = flow.tasks[task].inside; at != kNoTask; at = flow.tasks[at].inside) {
    if (at == around) return std::string_view(path).substr(path.rfind('/') + 1);
  }
  return path;
}

std::string items_in_path(std::string_view path) {
  std::string items;
  for (std::size_t at = path.find('['); at != std::string_view::npos; at = path.find('[', at)) {
    items += '.';
    for (++at; at < path.size() && path[at] >= '0' && path[at] <= '9'; ++at) items += path[at];
  }
  return items;
}

std::string task_in_path(std::string_view path) {
  std::string task;
  for (std::size_t open = path.find('['); open != std::string_view::npos; open = path.find('[')) {
    task += path.substr(0, open);
    const std::size_t close = path.find(']', open);
    path.remove_prefix(close == std::string_view::npos ? path.size() : close + 1);
  }
  return task.append(path);
}

void ChangeSet::clear() {
  flows.clear();
  runs.clear();
  tasks.clear();
  attempts.clear();
  holds.clear();
  points.clear();
  ticks.clear();
  backfills.clear();
  applied.clear();
  applied_versions.clear();
  sources.clear();
  switched.clear();
  removed_runs.clear();
  gone_runs.clear();
  removed_ticks.clear();
  events.clear();
  removed_events.clear();
  positions.clear();
  users.clear();
  tokens.clear();
  removed_tokens.clear();
  audit.clear();
  notices.clear();
  history.clear();
}

}  // namespace cordyna
