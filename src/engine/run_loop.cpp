// How a run machine goes through a foreach: items begin in order, at most so many at a time; one
// that has ended becomes a number in a counter, and its block serves the next.
#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "base/check.hpp"
#include "engine/run_machine.hpp"

namespace cordyna::engine {

Result<Items> RunMachine::render_items(Step& step, TaskIndex task) const {
  TRY_ASSIGN(std::string json,
             step.evaluator.render_json(spec_of(task).foreach.items,
                                        context(task, std::max(tasks_[task].attempt, 1U))));
  return Items::parse(std::move(json));
}

void RunMachine::open_loop(Step& step, TaskIndex task) {
  auto items = render_items(step, task);
  if (!items.has_value()) {
    return fail_in_engine(step, task,
                          make_task_error(TaskErrorCode::kInputInvalid, Phase::kPrepare,
                                          "items: " + items.error().message));
  }
  AttemptLive& live = live_.at(task);
  TaskRow details;
  // A restart renders the items again, from the same rows; this tells whether they are the same.
  details.outputs = fmt::format(R"({{"items":{},"hash":"{:016x}"}})", items->size(), items->hash());
  write_attempt(step, live, AttemptState::kCompleted);
  write_history(step, path_of(task), live.row.attempt, TaskState::kStarted,
                AttemptState::kCompleted, fmt::format("{} items", items->size()));
  write_task(step, task, TaskState::kStarted, details);
  live_.erase(task);
  loops_[task].begin_items(*std::move(items));
  if (tasks_[task].lane != kNoLane) ++lanes_[tasks_[task].lane].children;
  list(task);
}

/// Folds what has ended, and begins one item: each costs the budget of a step one visit.
void RunMachine::go_on_loop(Step& step, TaskIndex task) {
  Loop& loop = loops_.at(task);
  for (const std::uint32_t number : std::exchange(loop.to_fold, {})) {
    lanes_[number].to_fold = false;
    if (!fold(loop, number)) continue;
    loop.lanes.erase(lanes_[number].item);
  }
  if (tasks_[task].state != TaskState::kStarted) {  // it was cancelled; its items end alone
    if (loop.lanes.empty()) {
      loops_.erase(task);
      const std::uint32_t lane = tasks_[task].lane;
      if (lane != kNoLane) --lanes_[lane].children;
      note_item(task, false);
    }
    return;
  }
  while (loop.next < loop.items.size() && loop.begun[loop.next]) ++loop.next;
  if (loop.next == loop.items.size()) {
    if (loop.lanes.empty()) close_loop(step, task);
    return;
  }
  if (!section_open(task)) return;
  const std::uint32_t parallel = spec_of(task).foreach.parallel;
  const std::size_t width = parallel > 0 ? parallel : step.shared.slots.width();
  if (loop.lanes.size() >= width) return;
  const std::uint32_t item = loop.next++;
  open_lane(task, item);
  const Lane& lane = lanes_[loop.lanes.at(item)];
  for (TaskIndex inner = lane.base; inner < lane.base + bodies_.at(lane.loop_spec).size; ++inner) {
    count_in(inner);
    if (tasks_[inner].state == TaskState::kPending) list(inner);
  }
  list(task);
}

void RunMachine::close_loop(Step& step, TaskIndex task) {
  const Loop loop = std::move(loops_.at(task));
  loops_.erase(task);
  const std::uint32_t lane = tasks_[task].lane;
  if (lane != kNoLane) --lanes_[lane].children;
  TaskRow details;
  const auto fail_with = [&](TaskErrorCode code, std::string message) {
    details.error = owned(make_task_error(code, Phase::kRun, std::move(message)), task);
    write_history(step, path_of(task), tasks_[task].attempt, TaskState::kError, std::nullopt,
                  fmt::format("{}: {}", info(code).name, details.error->message));
    end_task(step, task, TaskState::kError, details);
  };
  if (!loop.broken.empty()) return fail_with(TaskErrorCode::kInternal, loop.broken);
  if (loop.failed > 0) {
    details.outputs = loop.outputs();
    return fail_with(TaskErrorCode::kInsideFailed,
                     fmt::format("{} of {} items did not complete, the first of them '{}[{}]'",
                                 loop.failed, loop.items.size(), path_of(task), loop.first_failed));
  }
  if (loop.results_too_large()) {
    return fail_with(TaskErrorCode::kOutputInvalid,
                     fmt::format("the outputs of its {} items are larger than 1 MiB together; "
                                 "write large results to files",
                                 loop.items.size()));
  }
  details.outputs = loop.outputs();
  write_history(step, path_of(task), tasks_[task].attempt, TaskState::kCompleted, std::nullopt,
                loop.progress());
  end_task(step, task, TaskState::kCompleted, details);
}

/// A block for the item: the tasks of the foreach are pending, those of others inside of it have
/// none of their own here. They are not counted yet.
void RunMachine::open_lane(TaskIndex loop, std::uint32_t item) {
  const TaskIndex spec = tasks_[loop].spec;
  Body& body = bodies_.at(spec);
  auto number = static_cast<std::uint32_t>(lanes_.size());
  if (body.free.empty()) {
    lanes_.emplace_back();
    lanes_.back().base = static_cast<TaskIndex>(tasks_.size());
    tasks_.resize(tasks_.size() + body.size);
  } else {
    number = body.free.back();
    body.free.pop_back();
  }
  Lane& lane = lanes_[number];
  lane.loop = loop;
  lane.loop_spec = spec;
  lane.item = item;
  lane.prefix = fmt::format("{}[{}]", path_of(loop), item);
  for (TaskIndex i = 0; i < body.size; ++i) {
    TaskLive& live = tasks_[lane.base + i];
    const bool listed = live.listed;  // of an item before, and passed over
    live = TaskLive{};
    live.listed = listed;
    live.spec = spec + 1 + i;
    live.lane = number;
    live.state = loop_of(live.spec) == spec ? TaskState::kPending : TaskState::kSkipped;
  }
  Loop& all = loops_.at(loop);
  all.lanes.emplace(item, number);
  if (item < all.begun.size()) all.begun[item] = true;
}

/// The item becomes a number, unless something of it still lives.
bool RunMachine::fold(Loop& loop, std::uint32_t number) {
  Lane& lane = lanes_[number];
  if (lane.open > 0 || lane.children > 0) return false;
  Body& body = bodies_.at(lane.loop_spec);
  for (TaskIndex task = lane.base; task < lane.base + body.size; ++task) {
    if (live_.contains(task)) return false;  // its death is not proven yet
  }
  bool failed = false;
  std::string result;
  const std::size_t own_path = flow_->tasks[lane.loop_spec].id.size() + 1;
  for (TaskIndex task = lane.base; task < lane.base + body.size; ++task) {
    const TaskSpec& spec = spec_of(task);
    if (spec.inside == lane.loop_spec &&
        upstream_end(tasks_[task].state, spec.allow_failure, TriggerRule::kAllCompleted) ==
            UpstreamEnd::kFailed) {
      failed = true;
    }
    const auto outputs = outputs_.find(task);
    if (outputs != outputs_.end()) {
      append_result(result, spec.id.substr(own_path), outputs->second);
      outputs_.erase(outputs);
    }
    blocked_by_.erase(task);
    holds_.erase(task);
    chosen_.erase(task);
    inside_open_.erase(task);
    tasks_[task].state = TaskState::kSkipped;
  }
  loop.end_item(lane.item, failed, result.empty() ? result : result + '}');
  body.free.push_back(number);
  return true;
}

/// A task of an item ended, or something that kept its block alive did.
void RunMachine::note_item(TaskIndex task, bool ended) {
  const std::uint32_t number = tasks_[task].lane;
  if (number == kNoLane) return;
  Lane& lane = lanes_[number];
  if (ended) --lane.open;
  if (lane.open > 0 || lane.children > 0 || lane.to_fold) return;
  lane.to_fold = true;
  loops_.at(lane.loop).to_fold.push_back(number);
  list(lane.loop);
}

/// What templates inside of a foreach know: `item` and `loop`, as in Jinja; `loop.parent` is that
/// of the foreach around it, with its item.
void RunMachine::append_item(std::string& out, TaskIndex task) const {
  std::vector<const Lane*> around;
  for (std::uint32_t lane = tasks_[task].lane; lane != kNoLane;
       lane = tasks_[lanes_[lane].loop].lane) {
    around.push_back(&lanes_[lane]);
  }
  std::string parent;
  std::string item;
  for (auto lane = around.rbegin(); lane != around.rend(); ++lane) {
    const Items& items = loops_.at((*lane)->loop).items;
    const std::uint32_t at = (*lane)->item;
    if (!parent.empty()) parent = fmt::format(R"(,"parent":{{"item":{},{}}})", item, parent);
    item = items.at(at);
    parent =
        fmt::format(R"("index":{},"index0":{},"length":{}{})", at + 1, at, items.size(), parent);
  }
  if (!around.empty()) {
    fmt::format_to(std::back_inserter(out), R"(,"item":{},"loop":{{{}}})", item, parent);
  }
}

}  // namespace cordyna::engine
