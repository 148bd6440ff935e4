/// The slots of the machine and of named pools, their rates, and who waits for them.
///
/// An attempt takes a slot of the machine, and one of its task's pool with a start of that pool's
/// rate. Who waits for a pool waits in that pool's queue: a full pool holds up nobody else's tasks.
/// Within a queue, and among the queues that may go on, priority and arrival decide.
///
/// A rate is a sliding window: no `per` ever holds more than `count` starts. It is decided from the
/// times that come in; whoever waits for a start has a time at which it comes.
///
/// A pool that nobody declares (any more) has no limit. A line of a task server (model/task_server)
/// is a pool, too: its attempts take no slot of the machine, and it has none until its server says
/// how many. Threads: none; a value.
#pragma once

#include <compare>
#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/time.hpp"
#include "engine/slot_queue.hpp"
#include "engine/task_live.hpp"
#include "model/pool.hpp"
#include "model/rows.hpp"
#include "model/task_server.hpp"

namespace cordyna::engine {

/// How much may run at once.
struct Limits {
  std::uint32_t slots = 1;        ///< of the machine; at least 1
  std::vector<PoolSpec> pools{};  ///< each name once
};

/// What holds a slot of a pool.
struct SlotHolder {
  RunNo run = 0;
  std::string path;

  auto operator<=>(const SlotHolder&) const = default;
};

/// One pool as it is now.
struct PoolState {
  PoolSpec spec;
  /// False: of a run that nobody has taken up; it may live, and holds its slot until somebody does.
  std::map<SlotHolder, bool> holders;
  std::deque<Millis> starts;  ///< ascending; the newest, at most as many as the rate has
  bool is_line = false;       ///< no slots are none, and not any number

  [[nodiscard]] bool full() const {
    return (is_line || spec.slots > 0) && holders.size() >= spec.slots;
  }
  /// When the next start may be; never later than it must.
  [[nodiscard]] Millis next_start() const;
};

class Slots {
 public:
  explicit Slots(Limits limits);

  [[nodiscard]] std::uint32_t size() const { return size_; }
  [[nodiscard]] std::uint32_t used() const { return used_; }
  /// Null: there is no such pool.
  [[nodiscard]] const PoolState* find(std::string_view pool) const;
  /// How many slots a line has from now on. More may be held.
  void set_room(const LineRoom& room);
  template <class What>
  void each_line(const What& what) const {
    for (const PoolState& pool : pools_) {
      if (pool.is_line) what(LineRoom{pool.spec.name, pool.spec.slots});
    }
  }

  /// A task wants a slot. It is asked once it is its turn.
  void want(SlotRequest request, std::string_view pool);
  /// Takes out the next task that may have a slot now; nothing: all wait.
  [[nodiscard]] std::optional<SlotRequest> next(Millis now);
  /// Calls `what` with each time at which a pool that somebody waits for has a start again, and the
  /// pool's number.
  template <class What>
  void each_wait(Millis now, const What& what) const {
    for (const std::size_t queue : open_) {
      if (queue == 0) continue;
      const Millis at = pools_[queue - 1].next_start();
      if (at > now) what(at, static_cast<std::uint32_t>(queue - 1));
    }
  }

  /// The attempt begins: it takes its slots, and a start of the rate.
  void take(AttemptLive& attempt, Millis now);
  /// The attempt began under an owner before: it has its slots, also where there are fewer now.
  void take_again(AttemptLive& attempt);
  /// Nothing of the attempt lives any more. Again: nothing.
  void give_back(AttemptLive& attempt);

  /// A start under an owner before; in order of time.
  void know_start(std::string_view pool, Millis at);
  /// An attempt that may live, of a run that nobody has taken up.
  void know_holder(const AttemptRow& attempt);
  /// That run is taken up: its attempts speak for themselves.
  void forget_holders(RunNo run);

 private:
  /// Null: no limit. A line is there from the first word of it on.
  PoolState* pool_of(std::string_view pool);
  void note(std::uint32_t pool);
  /// Whether the queue's next task may have a slot.
  [[nodiscard]] bool open(std::size_t queue, Millis now) const;

  std::uint32_t size_;
  std::uint32_t used_ = 0;
  std::size_t unowned_ = 0;  // holders of runs that nobody has taken up
  std::uint64_t seq_ = 0;
  std::vector<PoolState> pools_;
  std::map<std::string, std::uint32_t, std::less<>> by_name_;
  std::vector<SlotQueue> queues_;  // of tasks without a pool, then of each pool
  std::set<std::size_t> open_;     // queues with somebody in them, of pools that are not full
};

}  // namespace cordyna::engine
