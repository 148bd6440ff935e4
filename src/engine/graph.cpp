#include "engine/graph.hpp"

namespace cordyna::engine {

Graph::Graph(const Flow& flow) {
  first_.assign(flow.tasks.size() + 1, 0);
  for (const TaskSpec& task : flow.tasks) {
    for (const TaskIndex up : task.needs) ++first_[up + 1];
  }
  for (std::size_t i = 1; i < first_.size(); ++i) first_[i] += first_[i - 1];
  targets_.resize(first_.back());
  std::vector<std::uint32_t> next(first_.begin(), first_.end() - 1);
  for (TaskIndex task = 0; task < flow.tasks.size(); ++task) {
    for (const TaskIndex up : flow.tasks[task].needs) targets_[next[up]++] = task;
  }
}

std::span<const TaskIndex> Graph::downstream(TaskIndex task) const {
  return std::span(targets_).subspan(first_[task], first_[task + 1] - first_[task]);
}

namespace {

bool about_errors(TriggerRule rule) {
  return rule == TriggerRule::kAnyError || rule == TriggerRule::kAllError;
}

}  // namespace

UpstreamEnd upstream_end(TaskState state, bool allow_failure, TriggerRule rule) {
  switch (state) {
    case TaskState::kPending:
    case TaskState::kQueued:
    case TaskState::kStarted: return UpstreamEnd::kNotYet;
    case TaskState::kCompleted: return UpstreamEnd::kCompleted;
    case TaskState::kSkipped: return UpstreamEnd::kSkipped;
    case TaskState::kError:
      return allow_failure && !about_errors(rule) ? UpstreamEnd::kCompleted : UpstreamEnd::kFailed;
    case TaskState::kBlocked:
    case TaskState::kCancelled: return UpstreamEnd::kFailed;
  }
  return UpstreamEnd::kNotYet;
}

bool decides_early(TriggerRule rule, UpstreamEnd end) {
  switch (rule) {
    case TriggerRule::kAllCompleted:
    case TriggerRule::kAnyError: return end == UpstreamEnd::kFailed;
    case TriggerRule::kAllDone: return false;
    case TriggerRule::kAnyCompleted: return end == UpstreamEnd::kCompleted;
    case TriggerRule::kAllError:
      return end == UpstreamEnd::kCompleted || end == UpstreamEnd::kSkipped;
  }
  return false;
}

Verdict judge(TriggerRule rule, const UpstreamCounts& c) {
  const std::uint32_t all = c.completed + c.skipped + c.failed + c.waiting;
  if (all == 0) {
    // Nothing upstream: rules about errors have nothing to be about.
    return about_errors(rule) ? Verdict::kSkip : Verdict::kRun;
  }
  switch (rule) {
    case TriggerRule::kAllCompleted:
      if (c.failed > 0) return Verdict::kBlock;
      if (c.waiting > 0) return Verdict::kWait;
      return c.completed > 0 ? Verdict::kRun : Verdict::kSkip;
    case TriggerRule::kAllDone: return c.waiting > 0 ? Verdict::kWait : Verdict::kRun;
    case TriggerRule::kAnyCompleted:
      if (c.completed > 0) return Verdict::kRun;
      if (c.waiting > 0) return Verdict::kWait;
      return c.failed > 0 ? Verdict::kBlock : Verdict::kSkip;
    case TriggerRule::kAnyError:
      if (c.failed > 0) return Verdict::kRun;
      return c.waiting > 0 ? Verdict::kWait : Verdict::kSkip;
    case TriggerRule::kAllError:
      if (c.completed > 0 || c.skipped > 0) return Verdict::kSkip;
      return c.waiting > 0 ? Verdict::kWait : Verdict::kRun;
  }
  return Verdict::kWait;
}

}  // namespace cordyna::engine
