#include "engine/slots.hpp"

#include <algorithm>

#include "base/check.hpp"

namespace cordyna::engine {
namespace {

bool takes_machine_slot(const AttemptRow& attempt, const PoolState* pool) {
  if (!attempt.place.place.empty()) return attempt.place.type == PlaceType::kLocal;
  return pool == nullptr || !pool->is_line;
}

}  // namespace

Millis PoolState::next_start() const {
  if (spec.rate.count == 0 || starts.size() < spec.rate.count) return 0;
  return starts.front() + spec.rate.per;
}

Slots::Slots(Limits limits)
    : size_(limits.slots),
      queues_(limits.pools.size() + 1),
      places_(std::move(limits.places), limits.counts_places) {
  CHECK(size_ >= 1);
  pools_.reserve(limits.pools.size());
  for (PoolSpec& spec : limits.pools) {
    const auto number = static_cast<std::uint32_t>(pools_.size());
    CHECK(by_name_.emplace(spec.name, number).second);
    pools_.push_back({std::move(spec), {}, {}, false});
  }
}

std::size_t Slots::width() const {
  std::size_t width = size_;
  for (const PlaceState& place : places_.all()) {
    const PlaceSpec& spec = place.spec;
    if (spec.type == PlaceType::kLocal) continue;
    width += spec.slots > 0 ? spec.slots : std::max(size_, spec.cpu_millis / 1000);
  }
  return width;
}

const PoolState* Slots::find(std::string_view pool) const {
  const auto found = by_name_.find(pool);
  return found == by_name_.end() ? nullptr : &pools_[found->second];
}

PoolState* Slots::pool_of(std::string_view pool) {
  if (pool.empty()) return nullptr;
  auto found = by_name_.find(pool);
  if (found == by_name_.end()) {
    if (!is_line(pool)) return nullptr;
    found = by_name_.emplace(pool, static_cast<std::uint32_t>(pools_.size())).first;
    pools_.push_back({PoolSpec{.name = std::string(pool)}, {}, {}, true});
    queues_.emplace_back();
  }
  return &pools_[found->second];
}

/// The pool has changed, or its queue.
void Slots::note(std::uint32_t pool) {
  const std::size_t queue = pool + 1;
  if (queues_[queue].empty() || pools_[pool].full()) {
    open_.erase(queue);
  } else {
    open_.insert(queue);
  }
}

void Slots::set_room(const LineRoom& room) {
  PoolState* const line = pool_of(room.line);
  CHECK(line != nullptr && line->is_line);
  line->spec.slots = room.slots;
  note(static_cast<std::uint32_t>(line - pools_.data()));
}

void Slots::want(SlotRequest request, std::string_view pool, const PlaceNeed& place) {
  request.seq = ++seq_;
  const PoolState* const found = pool_of(pool);
  if (places_.counts(place)) {
    const auto number =
        found == nullptr ? kNoPool : static_cast<std::uint32_t>(found - pools_.data());
    auto [queue, fresh] = placed_.try_emplace({number, place});
    if (fresh) queue->second = {number, place, places_.fitting(place), {}};
    queue->second.waiting.push(request);
    return;
  }
  const std::size_t queue =
      found == nullptr ? 0 : static_cast<std::size_t>(found - pools_.data()) + 1;
  queues_[queue].push(request);
  if (found == nullptr) {
    open_.insert(queue);
  } else {
    note(static_cast<std::uint32_t>(queue - 1));
  }
}

bool Slots::open(std::size_t queue, Millis now) const {
  const bool line = queue > 0 && pools_[queue - 1].is_line;
  if (!line && used_ >= size_) return false;
  return queue == 0 || pools_[queue - 1].next_start() <= now;
}

Slots::PlacedTurn Slots::next_placed(Millis now) {
  std::vector<PlacedQueue*> order;
  order.reserve(placed_.size());
  for (auto& [key, queue] : placed_) {
    if (!queue.waiting.empty()) order.push_back(&queue);
  }
  if (order.empty()) return {};
  std::ranges::sort(order, [](const PlacedQueue* one, const PlacedQueue* other) {
    return one->waiting.front().before(other->waiting.front());
  });
  std::vector<bool> blocked(places_.all().size(), false);
  for (PlacedQueue* const queue : order) {
    if (queue->pool != kNoPool) {
      const PoolState& pool = pools_[queue->pool];
      if (pool.full() || pool.next_start() > now) continue;
    }
    const auto place = places_.choose(queue->could, queue->need, blocked, used_ < size_);
    if (place.has_value()) return {queue, *place};
    for (const std::uint32_t could : queue->could) blocked[could] = true;
  }
  return {};
}

void Slots::drop_placed(const std::function<bool(const SlotRequest&)>& is_gone) {
  for (auto at = placed_.begin(); at != placed_.end();) {
    SlotQueue& queue = at->second.waiting;
    while (!queue.empty() && is_gone(queue.front())) (void)queue.pop();
    at = queue.empty() ? placed_.erase(at) : std::next(at);
  }
}

std::optional<SlotTurn> Slots::next(Millis now) {
  std::size_t best = queues_.size();
  for (const std::size_t queue : open_) {
    if (!open(queue, now)) continue;
    if (best == queues_.size() || queues_[queue].front().before(queues_[best].front())) {
      best = queue;
    }
  }
  const PlacedTurn placed = placed_.empty() ? PlacedTurn{} : next_placed(now);
  if (placed.queue != nullptr &&
      (best == queues_.size() || placed.queue->waiting.front().before(queues_[best].front()))) {
    SlotTurn turn{placed.queue->waiting.pop(), places_.hold_of(placed.place, placed.queue->need),
                  places_.reason(places_.all()[placed.place].spec.name, placed.queue->need)};
    if (placed.queue->waiting.empty()) placed_.erase({placed.queue->pool, placed.queue->need});
    return turn;
  }
  if (best == queues_.size()) return std::nullopt;
  const SlotRequest next = queues_[best].pop();
  if (queues_[best].empty()) open_.erase(best);
  return SlotTurn{next};
}

void Slots::take(AttemptLive& attempt, Millis now) {
  take_again(attempt);
  PoolState* pool = pool_of(attempt.row.pool);
  if (pool != nullptr) know_start(pool->spec.name, now);
}

void Slots::take_again(AttemptLive& attempt) {
  CHECK(!attempt.holds_slot);
  attempt.holds_slot = true;
  PoolState* const pool = pool_of(attempt.row.pool);
  if (takes_machine_slot(attempt.row, pool)) ++used_;
  places_.take(attempt.row.place, {attempt.row.run, attempt.row.path}, true);
  if (pool == nullptr) return;
  pool->holders.insert_or_assign({attempt.row.run, attempt.row.path}, true);
  note(static_cast<std::uint32_t>(pool - pools_.data()));
}

void Slots::give_back(AttemptLive& attempt) {
  if (!std::exchange(attempt.holds_slot, false)) return;
  PoolState* const pool = pool_of(attempt.row.pool);
  if (takes_machine_slot(attempt.row, pool)) --used_;
  places_.give_back(attempt.row.place, {attempt.row.run, attempt.row.path});
  if (pool == nullptr) return;
  pool->holders.erase({attempt.row.run, attempt.row.path});
  note(static_cast<std::uint32_t>(pool - pools_.data()));
}

void Slots::know_start(std::string_view pool, Millis at) {
  PoolState* state = pool_of(pool);
  if (state == nullptr || state->spec.rate.count == 0) return;
  state->starts.push_back(at);
  if (state->starts.size() > state->spec.rate.count) state->starts.pop_front();
}

void Slots::know_holder(const AttemptRow& attempt) {
  places_.take(attempt.place, {attempt.run, attempt.path}, false);
  PoolState* pool = pool_of(attempt.pool);
  if (pool == nullptr) return;
  if (pool->holders.try_emplace({attempt.run, attempt.path}, false).second) ++unowned_;
  note(static_cast<std::uint32_t>(pool - pools_.data()));
}

void Slots::forget_holders(RunNo run) {
  places_.forget(run);
  if (unowned_ == 0) return;
  for (std::uint32_t i = 0; i < pools_.size(); ++i) {
    const auto gone = std::erase_if(pools_[i].holders, [run](const auto& holder) {
      return holder.first.run == run && !holder.second;
    });
    unowned_ -= gone;
    if (gone > 0) note(i);
  }
}

}  // namespace cordyna::engine
