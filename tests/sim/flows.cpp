#include "sim/flows.hpp"

#include <algorithm>
#include <string>

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

/// Puts a task into a switch that stands before it, or leaves it where it is. Only one that the
/// last task is, or stands in: what is inside follows.
void put_inside(Random& random, const Flow& flow, TaskSpec& task) {
  if (flow.tasks.empty()) return;
  const auto last = static_cast<TaskIndex>(flow.tasks.size() - 1);
  TaskIndex outer = flow.tasks[last].choice.value.empty() ? flow.tasks[last].inside : last;
  while (outer != kNoTask && random.chance(25)) outer = flow.tasks[outer].inside;
  if (outer == kNoTask) return;
  task.inside = outer;
  task.branch = static_cast<std::uint32_t>(random.below(flow.tasks[outer].choice.cases.size()));
  task.section = flow.tasks[outer].section;
}

/// What a task may need: nothing that it stands in, and nothing of another case.
bool may_need(const Flow& flow, const TaskSpec& task, TaskIndex up) {
  for (TaskIndex at = task.inside; at != kNoTask; at = flow.tasks[at].inside) {
    if (at == up) return false;
  }
  return true;
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
    for (TaskIndex up = 0; up < i; ++up) {
      const bool same = flow->tasks[up].section == task.section && may_need(*flow, task, up);
      if (same && random.chance(static_cast<std::uint64_t>(density) / (1 + i / 8))) {
        task.needs.push_back(up);
      }
    }
    task.refs = task.needs;
    flow->tasks.push_back(std::move(task));
  }
  return flow;
}

}  // namespace cordyna::sim
