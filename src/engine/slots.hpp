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
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/time.hpp"
#include "engine/places.hpp"
#include "engine/slot_queue.hpp"
#include "engine/task_live.hpp"
#include "model/pool.hpp"
#include "model/rows.hpp"
#include "model/task_server.hpp"

namespace cordyna::engine {

/// How much may run at once.
struct Limits {
  std::uint32_t slots = 1;          ///< of the machine; at least 1
  std::vector<PoolSpec> pools{};    ///< each name once
  std::vector<PlaceSpec> places{};  ///< each name once
  bool counts_places = true;        ///< false: also who names a place runs as if there were none
};

/// A task whose turn it is, and where it goes.
struct SlotTurn {
  SlotRequest request;
  PlaceHold place{};     ///< none: it is not placed
  std::string reason{};  ///< why there: for people
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
  /// How many items of a loop are open at a time where it does not say: what may run here, and at
  /// places elsewhere.
  [[nodiscard]] std::size_t width() const;
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

  [[nodiscard]] const Places& places() const { return places_; }

  /// A task wants a slot. It is asked once it is its turn.
  void want(SlotRequest request, std::string_view pool, const PlaceNeed& place = {});
  /// Of those that wait for a place, drops first ones that want none any more: they would keep it
  /// from others.
  void drop_placed(const std::function<bool(const SlotRequest&)>& is_gone);
  /// Takes out the next task that may have a slot now; nothing: all wait.
  [[nodiscard]] std::optional<SlotTurn> next(Millis now);
  /// Calls `what` with each time at which a pool that somebody waits for has a start again, and the
  /// pool's number.
  template <class What>
  void each_wait(Millis now, const What& what) const {
    for (const std::size_t queue : open_) {
      if (queue == 0) continue;
      const Millis at = pools_[queue - 1].next_start();
      if (at > now) what(at, static_cast<std::uint32_t>(queue - 1));
    }
    for (const auto& [key, queue] : placed_) {
      if (queue.waiting.empty() || queue.pool == kNoPool) continue;
      const Millis at = pools_[queue.pool].next_start();
      if (at > now) what(at, queue.pool);
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
  static constexpr std::uint32_t kNoPool = ~std::uint32_t{0};
  /// Tasks that want the same pool and the same of a place.
  struct PlacedQueue {
    std::uint32_t pool = kNoPool;
    PlaceNeed need;
    std::vector<std::uint32_t> could;  // places, as Places::fitting
    SlotQueue waiting;
  };
  struct PlacedTurn {
    PlacedQueue* queue = nullptr;  // null: none may go on
    std::uint32_t place = 0;
  };
  /// Of those that want a place, the next that may have it. One that goes before others and cannot
  /// has what it could have kept for it: large tasks would never come behind small ones.
  [[nodiscard]] PlacedTurn next_placed(Millis now);
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
  Places places_;
  std::map<std::pair<std::uint32_t, PlaceNeed>, PlacedQueue> placed_;
};

}  // namespace cordyna::engine
