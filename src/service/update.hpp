/// What a follower of a run is told: one history row with the error that belongs to it, or one line
/// of a task's output. One stream of these feeds every view, here or over the owner's socket.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.hpp"
#include "base/time.hpp"
#include "model/rows.hpp"
#include "model/states.hpp"
#include "model/task_error.hpp"

namespace cordyna {

struct Update {
  Millis at = 0;
  RunNo run = 0;
  std::int64_t seq = 0;  ///< of the history: how a gap is noticed
  std::string task;      ///< path; empty: of the run itself
  std::uint32_t attempt = 0;
  std::optional<RunState> run_state;
  std::optional<TaskState> task_state;
  std::optional<AttemptState> attempt_state;
  std::string detail;
  std::shared_ptr<const TaskError> error;  ///< of a task or attempt that failed, where known
};

[[nodiscard]] Update make_update(const HistoryRow& row);

/// Whether the run came to rest with it: it ended, or is paused.
[[nodiscard]] bool rests_run(const Update& update);

/// Whether it says that a task waits for a person from now on; `detail` says why.
[[nodiscard]] bool is_held(const Update& update);

/// Whether it says that a task waits by itself, for a time or until something holds; `detail` says
/// what for.
[[nodiscard]] bool is_waiting(const Update& update);

/// Whether the row says that an attempt or a task failed, so that an error belongs to it.
[[nodiscard]] bool wants_error(const HistoryRow& row);

/// Whether it says that an attempt failed and the task goes on to another: no state of the task
/// comes with it.
[[nodiscard]] bool is_between_attempts(const Update& update);

/// One line of output of a task; `text` is borrowed.
struct OutputLine {
  Millis at = 0;
  RunNo run = 0;
  std::string_view task;
  std::uint32_t attempt = 0;
  char stream = 'o';  ///< 'o', 'e' or 's' as in model/log_format.hpp
  bool continued = false;
  std::string_view text;
};

/// The JSON object without a line end: what `--follow json` prints and the owner's socket sends.
///   {"at":"2026-11-21T07:50:00.123Z","run":12,"seq":5,"task":"merge","attempt":1,
///    "state":"started","attempt_state":"started","detail":"…","error":{"code":…}}
/// Without "task" it is about the run. Keys without a value are left out.
void append_json(std::string& out, const Update& update);
/// {"at":…,"run":12,"task":"merge","attempt":1,"stream":"stdout","text":"…"}
void append_json(std::string& out, const OutputLine& line);
void append_json(std::string& out, const TaskError& error);

/// Back from append_json(Update). Errors: kCorrupt.
[[nodiscard]] Result<Update> parse_update(std::string_view json);

}  // namespace cordyna
