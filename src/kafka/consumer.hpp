/// One member of a consumer group, through librdkafka.
///
/// Where a partition is begun is the caller's to say, each time that one is given to this member:
/// what was kept elsewhere decides, not what Kafka remembers. What was kept is also committed to
/// Kafka, a little later, for other members of the group and for tools that show how far it is.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <stop_token>
#include <string>
#include <utility>
#include <vector>

#include "base/result.hpp"

namespace cordyna::kafka {

struct Partition {
  std::string topic;
  std::int32_t number = 0;
  auto operator<=>(const Partition&) const = default;
};

struct Record {
  Partition partition;
  std::int64_t offset = 0;
  std::int64_t at = -1;  ///< milliseconds since 1970, the producer's or the broker's; -1: none
  std::optional<std::string> key{};
  std::optional<std::string> value{};  ///< nullopt: a tombstone
  std::vector<std::pair<std::string, std::optional<std::string>>> headers{};  ///< in their order
};

/// What Kafka says of a partition that this member is to read.
struct Facts {
  Partition partition;
  std::int64_t committed = -1;  ///< where the group goes on; -1: it never committed
  std::int64_t low = 0;         ///< the oldest record that there still is
  std::int64_t high = 0;        ///< the record to come
};

/// Called from within Consumer::take, and from its end.
class Assignee {
 public:
  Assignee() = default;
  virtual ~Assignee() = default;
  Assignee(const Assignee&) = delete;
  Assignee& operator=(const Assignee&) = delete;

  /// The offset to begin with, for each. An error ends `take`.
  [[nodiscard]] virtual Result<std::vector<std::int64_t>> begin(std::span<const Facts> given) = 0;
  /// Records of these are not this member's any more, also those that it has taken and not kept.
  virtual void end(std::span<const Partition> taken) = 0;
};

/// Threads: one at a time; the stop may be requested from any.
class Consumer {
 public:
  /// Borrows the assignee. `settings`: as settings_of gives them. `topics`: names, or with a ^ in
  /// front, regular expressions. Errors: kUnavailable: there is no librdkafka; kInvalidArgument:
  /// a setting or a topic's name.
  [[nodiscard]] static Result<std::unique_ptr<Consumer>> open(
      const std::map<std::string, std::string>& settings, const std::vector<std::string>& topics,
      Assignee& assignee, std::stop_token stop);
  /// Commits what was kept, and leaves.
  ~Consumer();
  Consumer(const Consumer&) = delete;
  Consumer& operator=(const Consumer&) = delete;

  /// The records that are there, up to about `bytes` of them, each partition's in its order; waits
  /// for the first. Empty: a second went by, or the stop was requested.
  ///
  /// Errors: those of the assignee, and as error_of has them. The consumer is of no use then.
  [[nodiscard]] Result<std::vector<Record>> take(std::size_t bytes);

  /// All records before `next` are kept: the group goes on there.
  void kept(const Partition& partition, std::int64_t next);

 private:
  class Impl;
  explicit Consumer(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace cordyna::kafka
