/// What is stored: current rows, and the append-only history, which change in one transaction.
///
/// A row is the whole new value with the state it must replace (`from`): one rule for all writes,
/// compare-and-swap. Texts that are JSON say so.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/id.hpp"
#include "base/time.hpp"
#include "model/applied_flow.hpp"
#include "model/backfill.hpp"
#include "model/event.hpp"
#include "model/identity.hpp"
#include "model/notice.hpp"
#include "model/place.hpp"
#include "model/states.hpp"
#include "model/task_error.hpp"
#include "model/trigger.hpp"

namespace cordyna {

/// A small number for a run, unique in its store, ascending from 1. Folder names derive from it.
using RunNo = std::int64_t;

struct FlowVersionRow {
  std::string hash;
  std::string id;
  std::string ns;
  std::string canonical;  ///< the flow in canonical form (JSON)

  bool operator==(const FlowVersionRow&) const = default;
};

struct RunRow {
  RunNo no = 0;
  RunId id;
  std::string flow_id;
  std::string ns;
  std::string flow_hash;
  std::string folder;            ///< the flow's folder at the start
  std::string inputs;            ///< JSON object, with the defaults filled in
  std::string outputs;           ///< JSON object; empty until it ended
  std::optional<RunState> from;  ///< nullopt: insert
  RunState state = RunState::kPending;
  std::optional<TaskError> error;  ///< of the run itself: its timeout
  Millis created_at = 0;
  Millis started_at = 0;
  Millis ended_at = 0;
  Millis deadline_at = 0;  ///< of the whole run; 0: none
  std::uint32_t warnings = 0;
  bool cancel_requested = false;
  Scheduled scheduled;      ///< the time it stands for; never changes
  RunNo rerun_of = 0;       ///< the run whose completed tasks it takes over; 0: none
  std::string backfill;     ///< number of the backfill that it belongs to; empty: none
  RunNo parent = 0;         ///< the run whose task began it; 0: none
  std::string parent_path;  ///< of that task
  bool no_cache = false;    ///< its tasks do all their work, whatever a cache has
  /// What `concurrency.key` of its flow gave: runs with different ones do not count against each
  /// other. Never changes; empty: the flow has no key.
  std::string concurrency_key{};

  bool operator==(const RunRow&) const = default;
};

/// Exists from the first change of a task on; before that it is pending.
struct TaskRow {
  RunNo run = 0;
  std::string path;
  std::optional<TaskState> from;  ///< nullopt: insert
  TaskState state = TaskState::kPending;
  std::uint32_t attempt = 0;  ///< the newest; 0: none yet
  std::uint32_t warnings = 0;
  Millis first_at =
      0;  ///< when its first attempt was created: the whole `timeout` counts from here
  Millis ended_at = 0;
  Millis retry_at = 0;             ///< pending until then
  std::string outputs;             ///< JSON object; empty: none
  std::string blocked_by;          ///< path of the upstream, when blocked
  std::optional<TaskError> error;  ///< of the last failed attempt

  bool operator==(const TaskRow&) const = default;
};

struct AttemptRow {
  RunNo run = 0;
  std::string path;
  std::uint32_t attempt = 0;         ///< from 1, no gap
  std::optional<AttemptState> from;  ///< nullopt: insert
  AttemptState state = AttemptState::kCreated;
  Millis created_at = 0;
  Millis dispatched_at = 0;
  Millis acknowledged_at = 0;
  Millis started_at = 0;
  Millis ended_at = 0;
  Millis deadline_at = 0;  ///< of the present phase; 0: none
  bool cancel_requested = false;
  bool known_dead =
      true;  ///< nothing of it can still run; false while live, and after a timeout until proven
  std::optional<TaskError> error;  ///< exactly when failed
  std::string pool{};              ///< whose slot it takes; never changes; empty: none
  PlaceHold place{};               ///< where it runs; chosen each time it is handed out

  bool operator==(const AttemptRow&) const = default;
};

/// A task that waits, or waited, for a person's decision.
struct HoldRow {
  RunNo run = 0;
  std::string path;
  std::optional<HoldState> from;  ///< nullopt: insert
  HoldState state = HoldState::kHeld;
  std::uint32_t attempt = 0;  ///< the one that asked
  std::string reason;         ///< why a person is asked
  std::string by;             ///< who decided; empty: nobody yet
  std::string note;           ///< what they said about it
  Millis held_at = 0;
  Millis decided_at = 0;

  bool operator==(const HoldRow&) const = default;
};

/// What was measured of a dataset once: a point of its history.
struct PointRow {
  std::string series;  ///< names the dataset
  Millis at = 0;       ///< the time the run stands for
  RunNo run = 0;
  std::string path;  ///< of the task that measured; a later attempt of it replaces the point
  PointVerdict verdict = PointVerdict::kOk;
  std::string facts;  ///< JSON object: metrics, and what is needed to judge them

  bool operator==(const PointRow&) const = default;
};

/// One change of a run, a task or an attempt; never altered.
struct HistoryRow {
  RunNo run = 0;
  std::int64_t seq = 0;  ///< per run, from 1, no gap
  Millis at = 0;         ///< not decreasing within a run
  std::string path;      ///< empty: of the run itself
  std::uint32_t attempt = 0;
  std::optional<RunState> run_state;          ///< set: changed to this
  std::optional<TaskState> task_state;        ///< set: changed to this
  std::optional<AttemptState> attempt_state;  ///< set: changed to this
  std::string detail;  ///< for people: the error's code and message, a log message, a late note

  bool operator==(const HistoryRow&) const = default;
};

/// Old ticks of a trigger that go: the oldest of those for times before `before`, at most `limit`;
/// never its newest, from which the next ones are told.
struct TickRemoval {
  std::string ns;
  std::string flow_id;
  std::string trigger;
  Millis before = 0;
  std::uint32_t limit = 0;

  bool operator==(const TickRemoval&) const = default;
};

/// What is old and goes.
struct OldRows {
  std::vector<RunNo> runs{};  ///< ascending
  std::vector<TickRemoval> ticks{};
  std::vector<EventNo> events{};
};

/// All that one transaction writes.
struct ChangeSet {
  std::vector<FlowVersionRow> flows;  ///< inserted if new
  std::vector<RunRow> runs;
  std::vector<TaskRow> tasks;
  std::vector<AttemptRow> attempts;
  std::vector<HistoryRow> history;
  std::vector<HoldRow> holds;
  std::vector<PointRow> points;  ///< inserted, or replaced
  std::vector<TickRow> ticks;    ///< inserted
  std::vector<BackfillRow> backfills;
  std::vector<AppliedFlowRow> applied;
  std::vector<AppliedVersionRow> applied_versions;  ///< inserted
  std::vector<FlowSourceRow> sources;               ///< inserted if new
  std::vector<FlowSwitch> switched;  ///< why rows of `applied` are there: only for who looks on
  /// Runs of which all rows go, and with the last run of a version of a flow that version. None
  /// that is needed (OldRun in ports/store.hpp): that is a conflict. One that is not there is no
  /// error. The points of datasets stay: they are the history of guards.
  std::vector<RunNo> removed_runs;
  /// Runs that end with this, and leave nothing: all their rows go, and no other is written. One
  /// that is not there, or has ended before, is a conflict.
  std::vector<RunNo> gone_runs;
  std::vector<TickRemoval> removed_ticks;
  std::vector<EventRow> events;  ///< each as its `from` says
  /// One that is not there is no error; one that is pending stays.
  std::vector<EventNo> removed_events;
  std::vector<PositionRow> positions;  ///< inserted, or replaced
  std::vector<UserRow> users;          ///< inserted, or replaced
  std::vector<TokenRow> tokens;        ///< inserted, or replaced
  std::vector<std::string> removed_tokens;
  std::vector<AuditRow> audit;  ///< inserted
  /// Inserted, without their numbers; one whose id is there already is left out. They go with the
  /// run that they are of.
  std::vector<NoticeRow> notices;

  [[nodiscard]] bool empty() const {
    return flows.empty() && runs.empty() && tasks.empty() && attempts.empty() && holds.empty() &&
           points.empty() && ticks.empty() && backfills.empty() && applied.empty() &&
           applied_versions.empty() && sources.empty() && history.empty() && removed_runs.empty() &&
           gone_runs.empty() && removed_ticks.empty() && events.empty() && removed_events.empty() &&
           positions.empty() && users.empty() && tokens.empty() && removed_tokens.empty() &&
           audit.empty() && notices.empty();
  }
  void clear();
};

/// All current rows of one run (`from` is the present state in each), as recovery reads it.
struct RunSnapshot {
  RunRow run;
  std::vector<TaskRow> tasks;
  std::vector<AttemptRow>
      attempts;  ///< live ones, those not known dead, and the newest of each task
  std::vector<HoldRow> holds;
  std::int64_t history_seq = 0;  ///< the last one used
};

}  // namespace cordyna
