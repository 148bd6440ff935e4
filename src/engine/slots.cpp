#include "engine/slots.hpp"

#include <algorithm>

#include "base/check.hpp"

namespace cordyna::engine {

Millis PoolState::next_start() const {
  if (spec.rate.count == 0 || starts.size() < spec.rate.count) return 0;
  return starts.front() + spec.rate.per;
}

Slots::Slots(Limits limits) : size_(limits.slots), queues_(limits.pools.size() + 1) {
  CHECK(size_ >= 1);
  pools_.reserve(limits.pools.size());
  for (PoolSpec& spec : limits.pools) {
    const auto number = static_cast<std::uint32_t>(pools_.size());
    CHECK(by_name_.emplace(spec.name, number).second);
    pools_.push_back({std::move(spec), {}, {}});
  }
}

const PoolState* Slots::find(std::string_view pool) const {
  const auto found = by_name_.find(pool);
  return found == by_name_.end() ? nullptr : &pools_[found->second];
}

PoolState* Slots::pool_of(std::string_view pool) {
  if (pool.empty()) return nullptr;
  const auto found = by_name_.find(pool);
  return found == by_name_.end() ? nullptr : &pools_[found->second];
}

void Slots::want(SlotRequest request, std::string_view pool) {
  request.seq = ++seq_;
  const auto found = pool.empty() ? by_name_.end() : by_name_.find(pool);
  queues_[found == by_name_.end() ? 0 : found->second + 1].push(request);
}

bool Slots::open(std::size_t queue, Millis now) const {
  if (queues_[queue].empty()) return false;
  if (queue == 0) return true;
  const PoolState& pool = pools_[queue - 1];
  return !pool.full() && pool.next_start() <= now;
}

std::optional<SlotRequest> Slots::next(Millis now) {
  if (used_ >= size_) return std::nullopt;
  SlotQueue* best = nullptr;
  for (std::size_t i = 0; i < queues_.size(); ++i) {
    if (!open(i, now)) continue;
    if (best == nullptr || queues_[i].front().before(best->front())) best = &queues_[i];
  }
  if (best == nullptr) return std::nullopt;
  return best->pop();
}

void Slots::take(AttemptLive& attempt, Millis now) {
  take_again(attempt);
  PoolState* pool = pool_of(attempt.row.pool);
  if (pool != nullptr) know_start(pool->spec.name, now);
}

void Slots::take_again(AttemptLive& attempt) {
  CHECK(!attempt.holds_slot);
  attempt.holds_slot = true;
  ++used_;
  if (PoolState* pool = pool_of(attempt.row.pool); pool != nullptr) {
    pool->holders.insert_or_assign({attempt.row.run, attempt.row.path}, true);
  }
}

void Slots::give_back(AttemptLive& attempt) {
  if (!std::exchange(attempt.holds_slot, false)) return;
  --used_;
  if (PoolState* pool = pool_of(attempt.row.pool); pool != nullptr) {
    pool->holders.erase({attempt.row.run, attempt.row.path});
  }
}

void Slots::know_start(std::string_view pool, Millis at) {
  PoolState* state = pool_of(pool);
  if (state == nullptr || state->spec.rate.count == 0) return;
  state->starts.push_back(at);
  if (state->starts.size() > state->spec.rate.count) state->starts.pop_front();
}

void Slots::know_holder(const AttemptRow& attempt) {
  PoolState* pool = pool_of(attempt.pool);
  if (pool != nullptr) pool->holders.try_emplace({attempt.run, attempt.path}, false);
}

void Slots::forget_holders(RunNo run) {
  for (PoolState& pool : pools_) {
    std::erase_if(pool.holders,
                  [run](const auto& holder) { return holder.first.run == run && !holder.second; });
  }
}

}  // namespace cordyna::engine
