// Where the tasks of a run have their state: those of the flow at their places, those of items in
// lanes; and how the items that run are found again from rows.
#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <utility>

#include "engine/run_machine.hpp"

namespace cordyna::engine {
namespace {

/// "load[3]/run[12]/get" is the task "load/run/get" of the items 3 and 12. False: it is no path.
bool part_path(std::string_view path, std::string& plain, std::vector<std::uint32_t>& items) {
  for (std::size_t at = path.find('['); at != std::string_view::npos; at = path.find('[')) {
    plain += path.substr(0, at);
    std::uint32_t item = 0;
    const auto [end, error] =
        std::from_chars(path.data() + at + 1, path.data() + path.size(), item);
    if (error != std::errc{} || end == path.data() + path.size() || *end != ']') return false;
    items.push_back(item);
    path.remove_prefix(static_cast<std::size_t>(end + 1 - path.data()));
  }
  plain += path;
  return true;
}

/// The item that a task stands in: "load[3]" of "load[3]/get".
std::string_view item_of(std::string_view path) {
  return path.substr(0, path.rfind(']') + 1);
}

/// What rows say about one item.
struct FoundItem {
  std::uint32_t ended = 0;  // tasks of its own
  bool failed = false;
  bool open = false;
  std::vector<std::pair<TaskIndex, std::string_view>> outputs;
};

using FoundItems = std::map<std::string, FoundItem, std::less<>>;

void open_with_outer(FoundItems& items, std::string_view item) {
  while (!item.empty()) {
    auto found = items.find(item);
    if (found == items.end()) found = items.emplace(std::string(item), FoundItem{}).first;
    found->second.open = true;
    item = item_of(item.substr(0, item.rfind('[')));
  }
}

}  // namespace

/// The foreach that a task of the flow stands in; kNoTask: none.
TaskIndex RunMachine::loop_of(TaskIndex spec) const {
  if (bodies_.empty()) return kNoTask;
  TaskIndex in = flow_->tasks[spec].inside;
  while (in != kNoTask && !bodies_.contains(in)) in = flow_->tasks[in].inside;
  return in;
}

/// State for the tasks of the flow. Those inside of a foreach are none of the run's: they count as
/// skipped here, and have their state in the lanes.
void RunMachine::make_roots() {
  const std::vector<TaskSpec>& tasks = flow_->tasks;
  tasks_.resize(tasks.size());
  for (TaskIndex task = 0; task < tasks.size(); ++task) {
    tasks_[task].spec = task;
    if (is_foreach(task)) bodies_.emplace(task, Body{});
  }
  if (bodies_.empty()) return;
  for (TaskIndex task = 0; task < tasks.size(); ++task) {
    const TaskIndex loop = loop_of(task);
    if (loop == kNoTask) continue;
    tasks_[task].state = TaskState::kSkipped;
    ++bodies_.at(loop).own;
    for (TaskIndex in = loop; in != kNoTask; in = loop_of(in)) ++bodies_.at(in).size;
  }
}

void RunMachine::count_in(TaskIndex task) {
  const TaskSpec& spec = spec_of(task);
  if (!is_final(tasks_[task].state)) {
    ++open_[static_cast<std::size_t>(spec.section)];
    const TaskIndex outer = outer_of(task);
    if (outer != kNoTask && is_switch(outer)) ++inside_open_[outer];
    if (tasks_[task].lane != kNoLane) ++lanes_[tasks_[task].lane].open;
  }
  for (const TaskIndex need : spec.needs) {
    if (!is_final(tasks_[beside(task, need)].state)) ++tasks_[task].waiting;
  }
}

std::string RunMachine::path_of(TaskIndex task) const {
  const TaskLive& live = tasks_[task];
  const std::string& id = flow_->tasks[live.spec].id;
  if (live.lane == kNoLane) return id;
  const Lane& lane = lanes_[live.lane];
  return lane.prefix + id.substr(flow_->tasks[lane.loop_spec].id.size());
}

/// The instance that has the path now; kNoTask: none, or its item has ended or not begun.
TaskIndex RunMachine::find(std::string_view path) const {
  std::string plain;
  std::vector<std::uint32_t> items;
  if (!part_path(path, plain, items)) return kNoTask;
  const auto found = by_path_.find(plain);
  if (found == by_path_.end()) return kNoTask;
  std::vector<TaskIndex> loops;  // the innermost first
  for (TaskIndex in = loop_of(found->second); in != kNoTask; in = loop_of(in)) loops.push_back(in);
  if (loops.size() != items.size()) return kNoTask;
  TaskIndex around = kNoTask;  // a task of the lane
  const auto instance = [&](TaskIndex spec) {
    return around == kNoTask ? spec : beside(around, spec);
  };
  for (const std::uint32_t item : items) {
    const auto loop = loops_.find(instance(loops.back()));
    loops.pop_back();
    if (loop == loops_.end()) return kNoTask;
    const auto lane = loop->second.lanes.find(item);
    if (lane == loop->second.lanes.end()) return kNoTask;
    around = lanes_[lane->second].base;
  }
  const TaskIndex task = instance(found->second);
  return items.empty() || path_of(task) == path ? task : kNoTask;
}

/// The task of the flow as `task` sees it: that of its own item, or of one around, else the run's.
TaskIndex RunMachine::beside(TaskIndex task, TaskIndex spec) const {
  for (std::uint32_t number = tasks_[task].lane; number != kNoLane;
       number = tasks_[lanes_[number].loop].lane) {
    const Lane& lane = lanes_[number];
    if (spec > lane.loop_spec && spec - lane.loop_spec <= bodies_.at(lane.loop_spec).size) {
      return lane.base + (spec - lane.loop_spec - 1);
    }
  }
  return spec;
}

/// The switch or foreach that it stands in; kNoTask: none.
TaskIndex RunMachine::outer_of(TaskIndex task) const {
  const TaskIndex inside = spec_of(task).inside;
  if (inside == kNoTask) return kNoTask;
  const std::uint32_t lane = tasks_[task].lane;
  if (lane != kNoLane && lanes_[lane].loop_spec == inside) return lanes_[lane].loop;
  return beside(task, inside);
}

/// Whether it stands in an item of which nobody knows any more what it is.
bool RunMachine::is_broken(TaskIndex task) const {
  for (std::uint32_t lane = tasks_[task].lane; lane != kNoLane;) {
    const auto loop = loops_.find(lanes_[lane].loop);
    if (loop != loops_.end() && !loop->second.broken.empty()) return true;
    lane = tasks_[lanes_[lane].loop].lane;
  }
  return false;
}

/// A foreach that had begun, or that was cancelled while items of it still run.
void RunMachine::restore_loop(Step& step, TaskIndex task) {
  if (loops_.contains(task)) return;
  Loop& loop = loops_[task];
  auto items = render_items(step, task);
  const auto before = outputs_.find(task);
  std::uint32_t count = 0;
  if (before != outputs_.end() && before->second.starts_with("{\"items\":")) {
    const std::string& text = before->second;
    std::from_chars(text.data() + 9, text.data() + text.size(), count);
    const bool same = items.has_value() && items->size() == count &&
                      text.find(fmt::format("{:016x}", items->hash())) != std::string::npos;
    if (!same) {
      loop.broken = items.has_value() ? "its items are not those that it began with"
                                      : "its items cannot be made again: " + items.error().message;
    }
    outputs_.erase(before);
  }
  const bool known = items.has_value() && loop.broken.empty();
  loop.begin_items(known ? *std::move(items) : Items::unknown(std::min(count, kItemsMax)));
  if (!known) loop.next = loop.items.size();
  if (tasks_[task].lane != kNoLane) ++lanes_[tasks_[task].lane].children;
}

/// Ended items become numbers again, those that run get their lanes: from the outside in.
void RunMachine::restore_items(Step& step, const RunSnapshot& snapshot) {
  if (bodies_.empty()) return;
  FoundItems items;
  std::vector<std::vector<const TaskRow*>> rows_by_depth;
  std::vector<std::uint32_t> numbers;
  const auto spec_at = [&](std::string_view path) {
    std::string plain;
    numbers.clear();
    if (!part_path(path, plain, numbers)) return kNoTask;
    const auto found = by_path_.find(plain);
    return found == by_path_.end() ? kNoTask : found->second;
  };
  for (const TaskRow& row : snapshot.tasks) {
    if (!stands_in_item(row.path)) continue;
    const TaskIndex spec = spec_at(row.path);
    if (spec == kNoTask) continue;
    if (rows_by_depth.size() < numbers.size()) rows_by_depth.resize(numbers.size());
    rows_by_depth[numbers.size() - 1].push_back(&row);
    FoundItem& item = items[std::string(item_of(row.path))];
    if (!is_final(row.state)) continue;
    const TaskSpec& task = flow_->tasks[spec];
    ++item.ended;
    item.failed |= task.inside == loop_of(spec) &&
                   upstream_end(row.state, task.allow_failure, TriggerRule::kAllCompleted) ==
                       UpstreamEnd::kFailed;
    if (!row.outputs.empty()) item.outputs.emplace_back(spec, row.outputs);
  }
  for (const AttemptRow& row : snapshot.attempts) {
    if (!row.known_dead && stands_in_item(row.path)) open_with_outer(items, item_of(row.path));
  }
  std::vector<std::string> open;
  for (const auto& [path, item] : items) {
    const TaskIndex spec = spec_at(path);
    if (spec != kNoTask && item.ended < bodies_.at(spec).own) open.push_back(path);
  }
  for (const std::string& path : open) open_with_outer(items, path);

  restore_loops(step);
  for (std::size_t depth = 1; depth <= rows_by_depth.size(); ++depth) {
    for (auto& [path, item] : items) {
      if (std::ranges::count(path, '[') != static_cast<std::ptrdiff_t>(depth)) continue;
      restore_item(step, path, item.open, item.failed, std::move(item.outputs));
    }
    for (const TaskRow* row : rows_by_depth[depth - 1]) {
      if (find(row->path) != kNoTask) {
        restore_task(*row);
      } else {
        note_end(spec_at(row->path), *row);
        run_.warnings += row->warnings;
      }
    }
    restore_loops(step);
  }
}

void RunMachine::restore_loops(Step& step) {
  for (TaskIndex task = 0; task < tasks_.size(); ++task) {
    if (tasks_[task].state == TaskState::kStarted && is_foreach(task)) restore_loop(step, task);
  }
}

void RunMachine::restore_item(Step& step, std::string_view path, bool open, bool failed,
                              std::vector<std::pair<TaskIndex, std::string_view>> outputs) {
  const std::size_t bracket = path.rfind('[');
  const TaskIndex task = find(path.substr(0, bracket));
  if (task == kNoTask) return;  // of an item that has ended
  std::uint32_t item = 0;
  std::from_chars(path.data() + bracket + 1, path.data() + path.size(), item);
  if (open) {
    restore_loop(step, task);
    open_lane(task, item);
    return;
  }
  const auto loop = loops_.find(task);
  if (loop == loops_.end()) return;
  std::ranges::sort(outputs);
  std::string result;
  const std::size_t own_path = spec_of(task).id.size() + 1;
  for (const auto& [spec, text] : outputs) {
    append_result(result, std::string_view(flow_->tasks[spec].id).substr(own_path), text);
  }
  loop->second.end_item(item, failed, result.empty() ? result : result + '}');
}

}  // namespace cordyna::engine
