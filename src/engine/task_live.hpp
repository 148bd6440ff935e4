/// What a run machine knows of a task: a few bytes of each, more of those that run.
#pragma once

#include <cstdint>

#include "base/time.hpp"
#include "engine/loop.hpp"
#include "model/flow.hpp"
#include "model/rows.hpp"
#include "model/states.hpp"

namespace cordyna::engine {

struct TaskLive {
  Millis ended_at = 0;
  std::uint32_t attempt = 0;
  std::uint32_t waiting = 0;  // upstreams that have not ended
  TaskIndex spec = 0;         // its place in the flow
  std::uint32_t lane = kNoLane;
  TaskState state = TaskState::kPending;
  bool stored = false;      // has a row
  bool listed = false;      // on dirty_
  bool wants_slot = false;  // on the slot queue
  bool held = false;        // waits for a person
};
/// Only of tasks that were handed out and are not done with.
struct AttemptLive {
  AttemptRow row;
  Millis first_at = 0;  // of the task
  Millis retry_at = 0;
  bool holds_slot = false;
  bool to_adopt = false;

  /// Handed out, and nothing says that it has ended.
  [[nodiscard]] bool is_out() const { return !is_final(row.state) && !row.known_dead; }
  /// Came back: the next time it is handed out it is the same attempt.
  [[nodiscard]] bool came_back() const {
    return row.state == AttemptState::kCreated && row.attempt > 0;
  }
};

}  // namespace cordyna::engine
