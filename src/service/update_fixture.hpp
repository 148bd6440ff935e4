/// Updates for tests, of this room and others.
#pragma once

#include <string>
#include <utility>

#include "service/update.hpp"

namespace cordyna::testing_support {

inline constexpr Millis kNoon = 1'795'262'400'000;  // 2026-11-21T12:00:00Z

inline Update run_update(Millis at, std::int64_t seq, RunState state) {
  Update update;
  update.at = at;
  update.run = 7;
  update.seq = seq;
  update.run_state = state;
  return update;
}

inline Update task_update(Millis at, std::int64_t seq, std::string task, TaskState state,
                          std::string detail = {}, std::uint32_t attempt = 1) {
  Update update;
  update.at = at;
  update.run = 7;
  update.seq = seq;
  update.task = std::move(task);
  update.attempt = attempt;
  update.task_state = state;
  update.detail = std::move(detail);
  return update;
}

}  // namespace cordyna::testing_support
