/// Who waits for whom in a flow, both ways, and what the ends of upstreams mean for a task.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "model/flow.hpp"
#include "model/states.hpp"

namespace cordyna::engine {

/// Built once for each run from `TaskSpec::needs`, which it borrows. Threads: none.
class Graph {
 public:
  explicit Graph(const Flow& flow);

  /// Tasks that need `task`, ascending.
  [[nodiscard]] std::span<const TaskIndex> downstream(TaskIndex task) const;

 private:
  std::vector<std::uint32_t> first_;  // into targets_, one more than there are tasks
  std::vector<TaskIndex> targets_;
};

/// How one upstream ended, for trigger rules.
enum class UpstreamEnd : std::uint8_t { kNotYet, kCompleted, kSkipped, kFailed };

/// An allowed failure counts as completed, but for rules about errors; blocked and cancelled count
/// as failed.
[[nodiscard]] UpstreamEnd upstream_end(TaskState state, bool allow_failure, TriggerRule rule);

enum class Verdict : std::uint8_t { kWait, kRun, kSkip, kBlock };

/// Counts of how the upstreams of one task ended.
struct UpstreamCounts {
  std::uint32_t completed = 0;
  std::uint32_t skipped = 0;
  std::uint32_t failed = 0;
  std::uint32_t waiting = 0;
};

/// Whether this end of one upstream alone may decide `rule`, before the others have ended.
[[nodiscard]] bool decides_early(TriggerRule rule, UpstreamEnd end);

/// What `rule` says. A rule about completion that can no longer be met blocks; a rule about errors
/// that can no longer be met skips, since nothing went wrong.
[[nodiscard]] Verdict judge(TriggerRule rule, const UpstreamCounts& counts);

}  // namespace cordyna::engine
