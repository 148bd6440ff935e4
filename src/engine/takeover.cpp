#include "engine/takeover.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <string_view>
#include <unordered_map>
#include <utility>

#include "base/nearest.hpp"
#include "engine/graph.hpp"

namespace cordyna::engine {
namespace {

bool may_be_taken(TaskState state) {
  return state == TaskState::kCompleted || state == TaskState::kSkipped;
}

class Planner {
 public:
  Planner(const Flow& flow, const std::vector<TaskRow>& tasks) : flow_(flow), graph_(flow) {
    std::unordered_map<std::string_view, TaskState> states;
    for (const TaskRow& row : tasks) states.emplace(row.path, row.state);
    states_.reserve(flow.tasks.size());
    for (const TaskSpec& spec : flow.tasks) {
      const auto found = states.find(spec.id);
      states_.push_back(found == states.end() ? TaskState::kPending : found->second);
    }
    again_.resize(flow.tasks.size());
    gone_.resize(flow.tasks.size());
  }

  [[nodiscard]] bool is_main(TaskIndex task) const {
    return flow_.tasks[task].section == Section::kTasks;
  }

  /// Of a loop only the whole has an end; what is inside has rows by its items.
  [[nodiscard]] bool is_in_loop(TaskIndex task) const {
    for (task = flow_.tasks[task].inside; task != kNoTask; task = flow_.tasks[task].inside) {
      if (!flow_.tasks[task].foreach.items.empty()) return true;
    }
    return false;
  }

  void note_gone(const std::vector<std::string>& paths) {
    const std::set<std::string_view> gone(paths.begin(), paths.end());
    for (TaskIndex task = 0; task < gone_.size(); ++task) {
      gone_[task] = gone.contains(flow_.tasks[task].id);
    }
  }

  /// Runs it again, and what that entails.
  void run_again(TaskIndex task) {
    if (again_[task]) return;
    again_[task] = true;
    open_.push_back(task);
  }

  void run_after(TaskIndex task) {
    std::vector<TaskIndex> open{task};
    std::vector<bool> seen(flow_.tasks.size());
    while (!open.empty()) {
      const TaskIndex at = open.back();
      open.pop_back();
      if (seen[at]) continue;
      seen[at] = true;
      run_again(at);
      for (const TaskIndex down : graph_.downstream(at)) open.push_back(down);
      // What is inside of it, and what comes after that which it is inside of.
      for (TaskIndex inner = at + 1; inner < flow_.tasks.size(); ++inner) {
        if (flow_.tasks[inner].inside == kNoTask) break;
        if (flow_.tasks[inner].inside == at) open.push_back(inner);
      }
      if (flow_.tasks[at].inside != kNoTask) open.push_back(flow_.tasks[at].inside);
    }
  }

  /// And what comes after them: it was made with what they were.
  void run_after_changed(const std::vector<std::string>& paths) {
    const std::set<std::string_view> changed(paths.begin(), paths.end());
    for (TaskIndex task = 0; task < states_.size(); ++task) {
      if (is_main(task) && changed.contains(flow_.tasks[task].id)) run_after(task);
    }
  }

  void run_what_did_not_complete() {
    for (TaskIndex task = 0; task < states_.size(); ++task) {
      const bool item = is_in_loop(task);
      if (!is_main(task) || (!item && !may_be_taken(states_[task]))) run_again(task);
    }
  }

  void settle() {
    while (!open_.empty()) {
      const TaskIndex task = open_.back();
      open_.pop_back();
      const TaskSpec& spec = flow_.tasks[task];
      for (const TaskIndex up : spec.needs) {
        if (gone_[up]) run_again(up);
      }
      for (const TaskIndex read : spec.refs) {
        if (gone_[read]) run_again(read);
      }
      for (const TaskIndex down : graph_.downstream(task)) {
        if (states_[down] == TaskState::kSkipped) run_again(down);
      }
      if (spec.inside != kNoTask) run_again(spec.inside);
      for (TaskIndex inner = task + 1; inner < flow_.tasks.size(); ++inner) {
        if (flow_.tasks[inner].inside == kNoTask) break;
        if (flow_.tasks[inner].inside == task) run_again(inner);
      }
    }
  }

  [[nodiscard]] Takeover result() const {
    Takeover plan;
    for (TaskIndex task = 0; task < again_.size(); ++task) {
      if (!is_main(task)) continue;
      if (again_[task]) {
        plan.again.push_back(flow_.tasks[task].id);
      } else if (may_be_taken(states_[task])) {
        plan.taken.push_back(flow_.tasks[task].id);
      }
    }
    return plan;
  }

 private:
  const Flow& flow_;
  Graph graph_;
  std::vector<TaskState> states_;
  std::vector<bool> again_;
  std::vector<bool> gone_;
  std::vector<TaskIndex> open_;  // run again, and what that entails was not looked at yet
};

}  // namespace

Result<Takeover> plan_takeover(const Flow& flow, const std::vector<TaskRow>& tasks,
                               const TakeoverWish& wish) {
  Planner planner(flow, tasks);
  planner.note_gone(wish.gone);
  planner.run_what_did_not_complete();
  planner.run_after_changed(wish.changed);
  if (!wish.from.empty()) {
    const auto found = std::ranges::find(flow.tasks, wish.from, &TaskSpec::id);
    if (found == flow.tasks.end()) {
      std::vector<std::string_view> names;
      names.reserve(flow.tasks.size());
      for (const TaskSpec& spec : flow.tasks) names.push_back(spec.id);
      const std::string like = nearest(wish.from, names);
      return fail(ErrorCode::kNotFound,
                  fmt::format("flow '{}' has no task '{}'{}", flow.id, wish.from,
                              like.empty() ? "" : "; did you mean '" + like + "'?"));
    }
    const auto task = static_cast<TaskIndex>(found - flow.tasks.begin());
    if (!planner.is_main(task)) {
      return fail(ErrorCode::kInvalidArgument,
                  fmt::format("task '{}' stands in {}, whose tasks run in every rerun", wish.from,
                              found->section == Section::kErrors ? "errors" : "finally"));
    }
    planner.run_after(task);
  } else if (wish.all) {
    for (TaskIndex task = 0; task < flow.tasks.size(); ++task) planner.run_again(task);
  }
  planner.settle();
  return planner.result();
}

Result<std::vector<TaskRow>> rows_taken(const Flow& flow, std::vector<TaskRow> tasks,
                                        const std::vector<std::string>& paths) {
  std::set<std::string_view> known;
  for (const TaskSpec& spec : flow.tasks) known.insert(spec.id);
  std::unordered_map<std::string_view, TaskRow*> by_path;
  for (TaskRow& row : tasks) by_path.emplace(row.path, &row);
  std::vector<TaskRow*> found;
  found.reserve(paths.size());
  for (const std::string& path : paths) {
    const auto row = by_path.find(path);
    if (!known.contains(path)) {
      return fail(
          ErrorCode::kConflict,
          fmt::format("flow '{}' has no task '{}' that could be taken over", flow.id, path));
    }
    if (row == by_path.end() || !may_be_taken(row->second->state)) {
      return fail(ErrorCode::kConflict,
                  fmt::format("task '{}' did not complete: it cannot be taken over", path));
    }
    found.push_back(row->second);
    by_path.erase(row);
  }
  std::vector<TaskRow> taken;
  taken.reserve(found.size());
  for (TaskRow* row : found) taken.push_back(std::move(*row));
  return taken;
}

}  // namespace cordyna::engine
