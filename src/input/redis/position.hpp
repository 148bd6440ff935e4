/// What an input of Redis remembers: who it is in its groups, and the last entry of each stream.
///
/// Pure. Threads: any.
#pragma once

#include <compare>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.hpp"

namespace cordyna::input {

/// "1796088650527-0": milliseconds, and a number within them.
struct EntryId {
  std::uint64_t ms = 0;
  std::uint64_t number = 0;

  auto operator<=>(const EntryId&) const = default;
};

[[nodiscard]] std::optional<EntryId> parse_entry_id(std::string_view text);
[[nodiscard]] std::string to_text(const EntryId& id);

struct StreamMark {
  EntryId last;             ///< the highest entry that was told, or begun behind
  std::int64_t anew = 0;    ///< how often the stream was made anew: entries have their ids again
  std::int64_t missed = 0;  ///< entries that were trimmed before anybody got them, as told so far

  bool operator==(const StreamMark&) const = default;
};

struct RedisPosition {
  std::string consumer;  ///< made once
  std::map<std::string, StreamMark, std::less<>> streams;

  bool operator==(const RedisPosition&) const = default;
};

[[nodiscard]] std::string to_text(const RedisPosition& position);
/// Of an empty text, one without a consumer. Errors: kCorrupt.
[[nodiscard]] Result<RedisPosition> parse_redis_position(std::string_view text);

}  // namespace cordyna::input
