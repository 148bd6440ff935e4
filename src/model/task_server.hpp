/// Names that the engine and those who know task servers share.
///
/// Threads: any.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/time.hpp"

namespace cordyna {

/// Of attempts on task servers, where neither the task nor its flow says otherwise.
inline constexpr Millis kServedAcknowledge = 10'000;
inline constexpr Millis kServedStart = 600'000;
inline constexpr Millis kServedComplete = 1'800'000;

/// The class of slots that is meant where none is named.
inline constexpr std::string_view kUsualSlots = "default";

/// Where tasks of one server wait for one class of its slots: the engine keeps it as a pool, of
/// which a server says how many slots there are. No declared pool has such a name.
[[nodiscard]] inline std::string line_of(std::string_view team, std::string_view server,
                                         std::string_view slot_class) {
  std::string line("server:");
  line.append(team).append("/").append(server);
  if (!slot_class.empty() && slot_class != kUsualSlots) line.append("#").append(slot_class);
  return line;
}

[[nodiscard]] inline bool is_line(std::string_view pool) {
  return pool.starts_with("server:");
}

/// "orders/etl-1", or with its class of slots "orders/etl-1#gpu": as people read it.
[[nodiscard]] inline std::string_view server_of_line(std::string_view line) {
  return line.substr(std::string_view("server:").size());
}

/// How many attempts a line takes at a time; 0: its server is away, or takes nothing.
struct LineRoom {
  std::string line;
  std::uint32_t slots = 0;

  bool operator==(const LineRoom&) const = default;
};

}  // namespace cordyna
