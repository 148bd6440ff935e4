/// From a consumer group to events: what comes is kept, and then confirmed.
///
/// Threads: one.
#pragma once

#include <chrono>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "cordyna/redis.hpp"
#include "input/redis/entries.hpp"
#include "input/redis/position.hpp"
#include "redis/connection.hpp"

namespace cordyna::input {

class RedisReading {
 public:
  /// Borrows all. `group`: not empty.
  RedisReading(const RedisOptions& options, std::string group, redis::Connection& connection,
               EventSink& sink)
      : options_(options), group_(std::move(group)), connection_(connection), sink_(sink) {}

  /// The groups are there, and what this member got before is kept and confirmed.
  [[nodiscard]] redis::Answer<> begin(std::size_t count);
  /// What comes next, at most so many entries of each stream; waits for some seconds.
  [[nodiscard]] redis::Answer<> step(std::size_t count);

 private:
  using Clock = std::chrono::steady_clock;

  [[nodiscard]] redis::Answer<> ensure_group(const std::string& stream);
  [[nodiscard]] redis::Answer<EntryId> last_of(const std::string& stream);
  [[nodiscard]] redis::Answer<> read_own(const std::string& stream, std::size_t count);
  [[nodiscard]] redis::Answer<> claim(const std::string& stream, std::size_t count);
  [[nodiscard]] redis::Answer<> look_for_missed(const std::string& stream);
  [[nodiscard]] redis::Answer<> keep(const std::string& stream,
                                     const std::vector<StreamEntry>& entries);
  [[nodiscard]] redis::Answer<> confirm(const std::string& stream,
                                        const std::vector<StreamEntry>& entries);
  void tell();

  const RedisOptions& options_;
  std::string group_;
  redis::Connection& connection_;
  EventSink& sink_;
  RedisPosition position_;
  std::map<std::string, std::string, std::less<>> told_;  // by stream and kind
  Clock::time_point next_claim_;
  Clock::time_point next_look_;
};

}  // namespace cordyna::input
