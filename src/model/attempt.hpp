/// What passes between the engine and who carries attempts out: commands there, reports back.
#pragma once

#include <compare>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "base/id.hpp"
#include "base/time.hpp"
#include "model/flow.hpp"
#include "model/rows.hpp"
#include "model/states.hpp"
#include "model/task_error.hpp"

namespace cordyna {

/// Names one attempt: the key that makes a repeated command harmless.
struct AttemptKey {
  RunNo run = 0;
  std::string path;
  std::uint32_t attempt = 0;

  auto operator<=>(const AttemptKey&) const = default;
};

/// "Hand this attempt out." May be given again after a crash: the receiver starts it at most once.
struct StartAttempt {
  AttemptKey key;
  RunId run_id;
  TaskIndex task = 0;  ///< in `flow`; file names derive from it, never from the path
  std::shared_ptr<const Flow> flow;
  std::string context;  ///< JSON object: what templates may name (inputs, outputs, run, flow, task,
                        ///< vars, labels, error)
  Millis run_at = 0;    ///< the time the run stands for
  Millis created_at = 0;  ///< of the attempt; a repeat has the same
  bool approved = false;  ///< a person said that what it was held for is right
  bool no_cache = false;  ///< what was done before is not looked for; what is done now is kept
  Timeouts timeouts;  ///< the receiver enforces `complete` itself too, also when cerebro is gone
  Scheduled scheduled{};                     ///< of the run
  bool by_task = false;                      ///< a task of another run began the run
  bool acknowledged = false;                 ///< of one to be adopted: by whoever it was handed to
  std::shared_ptr<const PlaceSpec> place{};  ///< where it runs; null: where its type says
};

enum class CancelReason : std::uint8_t { kUser, kTimeout };

/// "End this attempt and all it started." May be given again; unknown attempts are answered as
/// lost.
struct CancelAttempt {
  AttemptKey key;
  TaskIndex task = 0;
  CancelReason reason = CancelReason::kUser;
  RunId run_id{};
  std::shared_ptr<const Flow> flow{};  ///< of `task`: who is told may not know the attempt yet
  std::shared_ptr<const PlaceSpec> place{};  ///< as in StartAttempt
};

enum class ReportKind : std::uint8_t {
  kAcknowledged,
  kStarted,
  kEnded,
  kReturned,  ///< who it was handed to does not take it, and has not begun: it is handed out again,
              ///< as the same attempt
};

/// What an attempt measured of a dataset.
struct Measurement {
  std::string series;
  PointVerdict verdict = PointVerdict::kOk;
  std::string facts;  ///< JSON object

  bool operator==(const Measurement&) const = default;
};

/// How an attempt ended.
struct Outcome {
  AttemptState state = AttemptState::kCompleted;  ///< completed, failed or cancelled
  std::string outputs;                            ///< JSON object; empty: none
  std::uint32_t warnings = 0;                     ///< makes the run end as `warning`
  std::optional<TaskError> error;                 ///< exactly when failed; owner may be empty
  std::string hold;  ///< of a completed one: why a person must decide before the task may complete
  std::optional<Measurement> measurement;
  std::string note{};  ///< of a completed one, for people: "from cache: run 12, 3 h old"

  bool operator==(const Outcome&) const = default;
};

/// News of an attempt. May come twice, late, or out of order; `kEnded` also says: nothing of it
/// still runs.
struct AttemptReport {
  AttemptKey key;
  ReportKind kind = ReportKind::kEnded;
  Outcome outcome;        ///< for kEnded
  std::string detail{};   ///< for people: what does it, or why it came back
  Millis not_before = 0;  ///< of kReturned: so long it waits before it is handed out again
};

}  // namespace cordyna
