/// What a store is asked for, and what it tells that is no row.
///
/// Values. Threads: any.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/time.hpp"
#include "model/rows.hpp"

namespace cordyna {

struct RunFilter {
  std::string flow_id;  ///< empty: any
  std::optional<RunState> state;
  bool unfinished = false;  ///< only runs that have not ended
  RunNo before = 0;         ///< keyset: only numbers below; 0: from the newest
  std::uint32_t limit = 50;
  std::string backfill{};           ///< number of a backfill: only its runs; empty: any
  std::optional<std::string> ns{};  ///< only runs of this namespace
};

/// Which points of a series: those before (at, run), newest first.
struct PointFilter {
  std::string series;
  Millis before_at = 0;  ///< 0: from the newest
  RunNo before_run = 0;
  std::uint32_t limit = 400;
};

/// Which ticks: those before a time, newest first.
struct TickFilter {
  std::string ns;
  std::string flow_id;
  std::string trigger;  ///< empty: of all triggers of the flow
  Millis before = 0;    ///< keyset: only times below; 0: from the newest
  std::uint32_t limit = 50;
};

/// A time of a trigger, or, without one, of a backfill.
struct TimeKey {
  std::string ns;
  std::string flow_id;
  std::string trigger;
  Millis at = 0;
};

/// A trigger that has ticks, and whether some of them may go (TickRemoval in model/rows.hpp).
struct TickTrigger {
  std::string ns{};
  std::string flow_id{};
  std::string trigger{};
  bool old = false;

  bool operator==(const TickTrigger&) const = default;
};

/// Newest first.
struct BackfillFilter {
  bool unfinished = false;
  BackfillNo before = 0;  ///< keyset: only numbers below; 0: from the newest
  std::uint32_t limit = 50;
};

/// In order of their names: namespace, then id.
struct AppliedFilter {
  std::optional<std::string> ns{};  ///< only this namespace; "" is one, too
  std::string flow_id{};            ///< empty: any
  bool removed = false;             ///< also those that were removed
  bool disabled = false;            ///< only those that are disabled
  std::string after_ns{};           ///< keyset: only names after this one; both empty: all
  std::string after_id{};
  std::uint32_t limit = 50;
};

/// The versions of one flow, newest first.
struct VersionFilter {
  std::string ns;
  std::string flow_id;
  std::int64_t before = 0;  ///< keyset: only numbers below; 0: from the newest
  std::uint32_t limit = 50;
};

/// Newest first.
struct AuditFilter {
  std::int64_t before = 0;  ///< keyset: only numbers below; 0: from the newest
  std::string actor{};      ///< empty: any
  std::string subject{};    ///< empty: any
  std::uint32_t limit = 50;
};

/// Newest first.
struct NoticeFilter {
  std::string team{};  ///< whom they are for; empty: anybody
  std::optional<NoticeKind> kind{};
  RunNo run = 0;            ///< only of this run; 0: any
  std::int64_t before = 0;  ///< keyset: only numbers below; 0: from the newest
  std::uint32_t limit = 50;
  std::optional<std::int64_t> after{};  ///< only numbers above, and the oldest first
};

/// An event's name: its trigger and its own id.
struct EventKey {
  std::string_view ns;
  std::string_view flow_id;
  std::string_view trigger;
  std::string_view event_id;
};

/// Newest first.
struct EventFilter {
  std::optional<std::string> ns{};  ///< only this namespace; "" is one, too
  std::string flow_id{};            ///< empty: any
  std::string trigger{};            ///< empty: any
  std::optional<EventState> state{};
  EventNo before = 0;  ///< keyset: only numbers below; 0: from the newest
  std::uint32_t limit = 50;
};

/// An event, and whether it still waits for its run: then it must stay.
struct OldEvent {
  EventNo no = 0;
  bool pending = false;

  bool operator==(const OldEvent&) const = default;
};

struct EventCounts {
  EventNo last = 0;  ///< the largest number; 0: none
  std::int64_t pending = 0;
  std::int64_t dead = 0;
};

/// Of one trigger, how many of its events wait for their run, and how many are dead letters.
struct OpenEvents {
  std::string ns;
  std::string flow_id;
  std::string trigger;
  std::int64_t pending = 0;
  std::int64_t dead = 0;

  bool operator==(const OpenEvents&) const = default;
};

/// The newest event of a trigger.
struct LastEvent {
  EventNo no = 0;  ///< 0: none has come
  Millis at = 0;

  bool operator==(const LastEvent&) const = default;
};

/// How many runs a content of a flow has.
struct HashRuns {
  std::string hash;
  std::int64_t runs = 0;

  bool operator==(const HashRuns&) const = default;
};

struct SeriesInfo {
  std::string series;
  std::int64_t points = 0;
  Millis last_at = 0;
};

/// A run, and whether it must stay, however old it is: it has not ended, or is the newest (numbers
/// go up from there), another run takes over from it, its parent has not ended, or it is of a
/// backfill that goes on.
struct OldRun {
  RunRow run;
  bool needed = false;
};

}  // namespace cordyna
