/// What an input tells, and a process gets.
///
/// Values. Threads: any.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "cordyna/export.hpp"
#include "cordyna/result.hpp"

namespace cordyna {

/// What was done to the thing that an event is about.
enum class Operation : std::uint8_t { kUnknown, kCreate, kRead, kUpdate, kDelete };

/// "create", "read", "update", "delete"; "unknown".
[[nodiscard]] CORDYNA_API std::string_view to_string(Operation operation);

/// In any case: create or insert, read, update, delete or remove. Errors: kInvalidArgument: any
/// other text, "unknown" too, for nobody can want it.
[[nodiscard]] CORDYNA_API Result<Operation> parse_operation(std::string_view text);

using EventTime = std::chrono::sys_time<std::chrono::milliseconds>;

inline constexpr std::size_t kEventKeyMax = 250;                      ///< bytes
inline constexpr std::size_t kEventBytesMax = std::size_t{64} << 20;  ///< of one event as JSON

struct Event {
  std::string location;  ///< where: a table, a topic, a path
  Operation operation = Operation::kUnknown;
  std::string id{};       ///< of the thing: the key of a row, the key of a message
  std::string trigger{};  ///< the id of the input; the orchestrator writes it
  EventTime at{};         ///< when it happened; the orchestrator writes it where the input did not
  std::string data{};     ///< a JSON value; empty: none
  /// Names this event among those of its input: a second one with the same key is taken for a
  /// repeat and dropped. At most kEventKeyMax bytes without control characters. Empty: no repeat
  /// can be told; the orchestrator writes a key of its own, which a process sees.
  std::string key{};

  bool operator==(const Event&) const = default;
};

/// One line: {"location":…,"operation":…,"id":…,"trigger":…,"at":"2026-01-02T03:04:05.006Z",
/// "data":…,"key":…}; without `at`, `data` and `key` where they are empty. Bytes that are not UTF-8
/// become U+FFFD. `data` stands there as it is.
[[nodiscard]] CORDYNA_API std::string to_json(const Event& event);

/// Any order of keys; all but `location` may be left out; an operation "unknown" is kUnknown.
/// `data` is kept as it is written. Errors: kInvalidArgument, naming the key.
[[nodiscard]] CORDYNA_API Result<Event> parse_event(std::string_view json);

}  // namespace cordyna
