#include "sim/flows.hpp"

#include <algorithm>
#include <string>
#include <utility>

#include "engine/loop.hpp"
#include "model/layout.hpp"

namespace cordyna::sim {
namespace {

Retry random_retry(Random& random) {
  Retry retry;
  if (random.chance(50)) return retry;
  retry.attempts = static_cast<std::uint32_t>(random.between(2, 4));
  retry.delay = random.between(0, 3000);
  retry.backoff = static_cast<Backoff>(random.below(3));
  if (random.chance(40)) retry.max_delay = random.between(1000, 5000);
  retry.jitter = random.chance(50);
  if (random.chance(15)) retry.on = {"1"};
  if (random.chance(10)) retry.on = {"timeout", "LOST"};
  return retry;
}

void add_limits(Random& random, TaskSpec& task) {
  if (random.chance(50)) task.timeouts.acknowledge = random.between(2000, 10'000);
  if (random.chance(50)) task.timeouts.start = random.between(2000, 20'000);
  if (random.chance(50)) task.timeouts.complete = random.between(2000, 30'000);
  if (random.chance(10)) task.timeout = random.between(5000, 60'000);
}

Section random_section(Random& random) {
  const auto draw = random.below(10);
  if (draw == 8) return Section::kErrors;
  return draw == 9 ? Section::kFinally : Section::kTasks;
}

/// A pause or a wait_for, one in each world or so.
void add_wait(Random& random, TaskSpec& task) {
  task.wait.what = static_cast<WaitFor>(1 + random.below(4));
  task.wait.time = random.between(100, 20'000);
  task.wait.go_on = random.chance(50);
  const bool looks = task.wait.what == WaitFor::kCondition || task.wait.what == WaitFor::kScript;
  task.type = looks ? "wait_for" : "pause";
  task.kind = task.wait.what == WaitFor::kScript ? TaskKind::kProcess : TaskKind::kEngine;
  task.message = "";
  task.retry = Retry{};
  task.timeout = random.chance(40) ? random.between(1000, 60'000) : 0;
  if (task.wait.what == WaitFor::kTime) task.timeout = 0;
  if (task.wait.what == WaitFor::kCondition) {
    task.wait.until = "at " + format_timestamp(kStart + random.between(0, 120'000));
  }
}

void make_switch(Random& random, TaskSpec& task) {
  task.kind = TaskKind::kEngine;
  task.type = "switch";
  task.retry = Retry{};
  task.timeouts = Timeouts{};
  task.timeout = 0;
  task.wait = Wait{};
  task.choice.cases = {"c0", "c1"};
  if (random.chance(50)) task.choice.cases.emplace_back(kDefaultCase);
  task.choice.value = random.chance(80) ? task.choice.cases[random.below(2)] : "other";
}

bool is_foreach(const TaskSpec& task) {
  return !task.foreach.items.empty();
}

bool holds_tasks(const TaskSpec& task) {
  return is_foreach(task) || !task.choice.value.empty();
}

TaskIndex loop_of(const Flow& flow, const TaskSpec& task) {
  TaskIndex in = task.inside;
  while (in != kNoTask && !is_foreach(flow.tasks[in])) in = flow.tasks[in].inside;
  return in;
}

void make_foreach(Random& random, const Flow& flow, TaskSpec& task) {
  task.kind = TaskKind::kEngine;
  task.type = "foreach";
  task.retry = Retry{};
  task.timeouts = Timeouts{};
  task.timeout = 0;
  task.wait = Wait{};
  const std::uint64_t most = loop_of(flow, task) == kNoTask ? 5 : 3;
  task.foreach.items = R"({"from":1,"to":)" + std::to_string(random.below(most)) + "}";
  if (random.chance(5)) task.foreach.items = "\"none\"";
  task.foreach.parallel = static_cast<std::uint32_t>(random.below(4));
}

/// A foreach has something inside.
void without_empty_foreach(Flow& flow) {
  for (TaskIndex task = 0; task < flow.tasks.size(); ++task) {
    const bool inside = task + 1 < flow.tasks.size() && flow.tasks[task + 1].inside == task;
    if (!is_foreach(flow.tasks[task]) || inside) continue;
    flow.tasks[task].foreach = Foreach{};
    flow.tasks[task].type = "log";
  }
}

/// Puts a task into a switch or foreach that stands before it, or leaves it where it is. Only one
/// that the last task is, or stands in: what is inside follows.
void put_inside(Random& random, const Flow& flow, TaskSpec& task) {
  if (flow.tasks.empty()) return;
  const auto last = static_cast<TaskIndex>(flow.tasks.size() - 1);
  TaskIndex outer = holds_tasks(flow.tasks[last]) ? last : flow.tasks[last].inside;
  while (outer != kNoTask && random.chance(25)) outer = flow.tasks[outer].inside;
  if (outer == kNoTask) return;
  task.inside = outer;
  if (!is_foreach(flow.tasks[outer])) {
    task.branch = static_cast<std::uint32_t>(random.below(flow.tasks[outer].choice.cases.size()));
  }
  task.id = flow.tasks[outer].id + "/" + task.id;
  task.section = flow.tasks[outer].section;
}

/// What a task may need: nothing that it stands in, and in a foreach what stands there too.
bool may_need(const Flow& flow, const TaskSpec& task, TaskIndex up) {
  for (TaskIndex at = task.inside; at != kNoTask; at = flow.tasks[at].inside) {
    if (at == up) return false;
  }
  return loop_of(flow, task) == loop_of(flow, flow.tasks[up]);
}

TaskSpec random_task(Random& random, const FlowTaste& taste, TaskIndex index) {
  TaskSpec task;
  task.id = "t" + std::to_string(index);
  task.owner = "team-" + std::to_string(index % 3);
  task.section = index == 0 ? Section::kTasks : random_section(random);
  task.kind = random.chance(20) ? TaskKind::kEngine : TaskKind::kProcess;
  task.type = task.kind == TaskKind::kProcess ? "shell" : random.chance(80) ? "log" : "fail";
  task.message = "m";
  task.params = "{}";
  task.retry = random_retry(random);
  if (task.kind == TaskKind::kEngine) task.retry = Retry{};
  if (taste.limits) add_limits(random, task);
  if (taste.waits && random.chance(12)) add_wait(random, task);
  task.allow_failure = random.chance(15);
  task.disabled = random.chance(4);
  if (random.chance(12)) task.run_if = random.chance(50) ? "true" : "false";
  if (random.chance(3)) task.run_if = "neither";
  if (random.chance(35)) task.trigger_rule = static_cast<TriggerRule>(random.below(5));
  return task;
}

}  // namespace

std::shared_ptr<const Flow> random_flow(Random& random, const FlowTaste& taste) {
  auto flow = std::make_shared<Flow>();
  flow->id = "flow";
  flow->ns = "sim";
  flow->owner = "team-f";
  flow->folder = "/sim";
  flow->labels = flow->vars = flow->outputs = "{}";
  flow->hash = std::to_string(random.next());
  if (taste.limits && random.chance(5)) flow->timeout = random.between(10'000, 120'000);
  const auto count = static_cast<TaskIndex>(1 + random.below(taste.tasks_max));
  const auto density = random.between(5, 60);
  for (TaskIndex i = 0; i < count; ++i) {
    TaskSpec task = random_task(random, taste, i);
    if (random.chance(8)) make_switch(random, task);
    put_inside(random, *flow, task);
    if (taste.loops && random.chance(8)) {
      task.choice = Choice{};
      make_foreach(random, *flow, task);
    }
    for (TaskIndex up = 0; up < i; ++up) {
      const bool same = flow->tasks[up].section == task.section && may_need(*flow, task, up);
      if (same && random.chance(static_cast<std::uint64_t>(density) / (1 + i / 8))) {
        task.needs.push_back(up);
      }
    }
    task.refs = task.needs;
    flow->tasks.push_back(std::move(task));
  }
  without_empty_foreach(*flow);
  // No draws: worlds that are known by their seeds stay as they are.
  flow->late_after = 10'000 + 1'000 * static_cast<Millis>(flow->tasks.size());
  flow->stuck_after = 4'000;
  return flow;
}

namespace {

/// Where copies come from, and what their paths begin with instead.
struct Part {
  TaskIndex first = 0;
  TaskIndex end = 0;
  std::size_t old_prefix = 0;
  std::string prefix{};
};

/// `places`: of tasks that were copied, by their old place.
void copy(const Flow& from, const Part& part, std::vector<TaskIndex> places, Flow& to,
          std::vector<TaskIndex>& origin) {
  for (TaskIndex task = part.first; task < part.end; ++task) {
    TaskSpec spec = from.tasks[task];
    spec.id = part.prefix + spec.id.substr(part.old_prefix);
    for (TaskIndex& need : spec.needs) need = places[need];
    spec.refs = spec.needs;
    if (spec.inside != kNoTask) spec.inside = places[spec.inside];
    places[task] = static_cast<TaskIndex>(to.tasks.size());
    const std::string path = spec.id;
    to.tasks.push_back(std::move(spec));
    origin.push_back(task);
    if (!is_foreach(from.tasks[task])) continue;
    Part body{task + 1, task + 1, from.tasks[task].id.size()};
    const auto stands_in = [&](TaskIndex inner) {
      const TaskIndex in = from.tasks[inner].inside;
      return in != kNoTask && in >= task;
    };
    while (body.end < from.tasks.size() && stands_in(body.end)) ++body.end;
    const auto items = engine::Items::parse(from.tasks[task].foreach.items);
    for (std::uint32_t item = 0; items.has_value() && item < items->size(); ++item) {
      body.prefix = path + "[" + std::to_string(item) + "]";
      copy(from, body, places, to, origin);
    }
    task = body.end - 1;
  }
}

}  // namespace

Unrolled unroll(const Flow& flow) {
  auto all = std::make_shared<Flow>(flow);
  all->tasks.clear();
  Unrolled out;
  const auto count = static_cast<TaskIndex>(flow.tasks.size());
  copy(flow, {0, count}, std::vector<TaskIndex>(count), *all, out.origin);
  out.flow = std::move(all);
  return out;
}

std::string path_beside(const Flow& flow, std::string_view from, TaskIndex other) {
  std::string path = flow.tasks[other].id;
  std::vector<TaskIndex> loops;  // the innermost first
  for (TaskIndex in = loop_of(flow, flow.tasks[other]); in != kNoTask;
       in = loop_of(flow, flow.tasks[in])) {
    loops.push_back(in);
  }
  std::string items = items_in_path(from) + ".";
  std::vector<std::string> numbers;
  for (std::size_t at = 1; at < items.size(); at = items.find('.', at) + 1) {
    numbers.push_back(items.substr(at, items.find('.', at) - at));
  }
  for (std::size_t i = 0; i < loops.size(); ++i) {  // from the end on, so that places stay
    path.insert(flow.tasks[loops[i]].id.size(), "[" + numbers.at(loops.size() - 1 - i) + "]");
  }
  return path;
}

}  // namespace cordyna::sim
