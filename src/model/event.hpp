/// What came in from outside through a trigger, and what became of it.
///
/// An event is accepted once: its trigger and its id name it, whoever sends it again gets the event
/// of the first time. Accepted means saved; the run that it starts is begun afterwards.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/time.hpp"

namespace cordyna {

/// A small number for an event, unique in its store, ascending from 1.
using EventNo = std::int64_t;

inline constexpr std::size_t kEventIdMax = 255;  ///< bytes

enum class EventState : std::uint8_t {
  kPending,  ///< accepted; its run has not begun
  kRun,      ///< it has its run
  kDead,     ///< a dead letter: its run could not be made, `detail` says why; waits for a person
  kDropped,  ///< a person, or its trigger's `where`, decided that it needs none
};

[[nodiscard]] std::string_view to_string(EventState state);
[[nodiscard]] std::optional<EventState> parse_event_state(std::string_view text);

struct EventRow {
  EventNo no = 0;
  std::string ns;
  std::string flow_id;
  std::string trigger;
  std::string event_id;            ///< as its sender names it; with the three above: unique
  std::optional<EventState> from;  ///< nullopt: insert
  EventState state = EventState::kPending;
  Millis at = 0;           ///< when it was accepted
  Millis settled_at = 0;   ///< when it came into the state; 0: pending since it was accepted
  std::int64_t run = 0;    ///< its run's number; 0: none
  std::string source;      ///< who sent it: an address
  std::string payload;     ///< JSON object: data, and what else the trigger's type gives
  std::string detail;      ///< of a dead letter: why; of a dropped one: who or what said so
  std::int64_t tries = 0;  ///< how often it was made pending again

  bool operator==(const EventRow&) const = default;
};

/// How far an input has come, in its own words: kept with the events that it sent up to there.
struct PositionRow {
  std::string input;
  std::string position;
  /// Of one of many things that the input remembers apart, a name without control characters;
  /// empty: the input's own. A mark with an empty `position` is taken away.
  std::string mark{};

  bool operator==(const PositionRow&) const = default;
};

}  // namespace cordyna
