/// The state vocabulary: one set of words for engine, store, protocol, CLI, API and UI.
///
/// Three machines: of a run, of a task in a run (by its path), of an attempt. Their edges are
/// tables, from which the checks, the store's constraints and the published graph
/// (docs/reference/states.md) are made.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace cordyna {

enum class RunState : std::uint8_t {
  kPending,  ///< recorded, nothing handed out yet
  kRunning,
  kPaused,  ///< waits for a person: an approval, or held by a guard
  kCompleted,
  kWarning,  ///< an error was allowed, or a warning given
  kError,
  kCancelled,
};

enum class TaskState : std::uint8_t {
  kPending,  ///< not handed out, or between attempts
  kQueued,   ///< the attempt was acknowledged by who runs it
  kStarted,
  kCompleted,
  kError,
  kSkipped,  ///< its `run_if` was false, or its trigger rule can no longer be met without an error
  kBlocked,  ///< an upstream ended so that it can never run; `blocked_by` names it
  kCancelled,
};

enum class AttemptState : std::uint8_t {
  kCreated,
  kDispatched,    ///< saved; the command goes out after the commit
  kAcknowledged,  ///< who runs it has it, or will report its loss
  kStarted,
  kCompleted,
  kFailed,  ///< with a TaskError: error, timeout, lost, rejected
  kCancelled,
};

/// Of a task that a person must decide about.
enum class HoldState : std::uint8_t { kHeld, kApproved, kRejected };

/// What a guard said of a measurement.
enum class PointVerdict : std::uint8_t {
  kOk,
  kWarn,
  kTrip,
  kApproved,  ///< it tripped, and a person said that it is right
  kLevel,     ///< no measurement: a person said that a new level begins here
};

[[nodiscard]] std::string_view to_string(RunState state);
[[nodiscard]] std::string_view to_string(TaskState state);
[[nodiscard]] std::string_view to_string(AttemptState state);
[[nodiscard]] std::string_view to_string(HoldState state);
[[nodiscard]] std::string_view to_string(PointVerdict verdict);

[[nodiscard]] std::optional<RunState> parse_run_state(std::string_view text);
[[nodiscard]] std::optional<TaskState> parse_task_state(std::string_view text);
[[nodiscard]] std::optional<AttemptState> parse_attempt_state(std::string_view text);
[[nodiscard]] std::optional<HoldState> parse_hold_state(std::string_view text);
[[nodiscard]] std::optional<PointVerdict> parse_point_verdict(std::string_view text);

/// Whether the published graph has the edge. A state has no edge to itself.
[[nodiscard]] bool can_follow(RunState from, RunState to);
[[nodiscard]] bool can_follow(TaskState from, TaskState to);
[[nodiscard]] bool can_follow(AttemptState from, AttemptState to);

/// Final is final: no edge leaves the state.
[[nodiscard]] bool is_final(RunState state);
[[nodiscard]] bool is_final(TaskState state);
/// Whether nothing of the run moves by itself: it has ended, or waits for a person.
[[nodiscard]] bool rests(RunState state);
[[nodiscard]] bool is_final(AttemptState state);

/// The three graphs as one Markdown page with Mermaid diagrams.
[[nodiscard]] std::string states_as_markdown();

}  // namespace cordyna
