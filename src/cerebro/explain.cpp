#include "cerebro/explain.hpp"

#include <algorithm>
#include <limits>
#include <map>
#include <string>
#include <utility>

#include "cerebro/plain_evaluator.hpp"
#include "cerebro/surroundings.hpp"
#include "engine/engine.hpp"

namespace cordyna {

Result<std::vector<engine::Blocker>> explain(StoreReader& store, RunNo run,
                                             const FlowLoader& loader, const engine::Limits& limits,
                                             Millis now, const RoomOf& room) {
  TRY_ASSIGN(const engine::Surroundings around, look_round(store, limits, now));
  TRY_ASSIGN(RunSnapshot snapshot, store.load_run(run));
  TRY_ASSIGN(const FlowVersionRow version, store.find_flow(snapshot.run.flow_hash));
  TRY_ASSIGN(auto flow, loader(version.canonical, snapshot.run.folder));
  // As many slots as are taken: whatever else is ready waits for one.
  const auto live =
      std::ranges::count_if(snapshot.attempts, [](const AttemptRow& a) { return !a.known_dead; });
  const PlainEvaluator evaluator;  // nothing is rendered when a run is only looked at
  engine::Engine engine(
      {static_cast<std::uint32_t>(std::max<std::ptrdiff_t>(live, 1)), limits.pools, limits.places},
      evaluator);
  engine::Decision unused;
  engine.know(now, around);
  TRY(engine.restore_run(now, std::move(snapshot), flow, unused));
  for (const TaskSpec& task : flow->tasks) {
    if (!is_line(task.pool)) continue;
    const engine::PoolState* const line = engine.slots().find(task.pool);
    const std::size_t held = line == nullptr ? 0 : line->holders.size();
    engine.set_room({task.pool, room ? room(task.pool) : static_cast<std::uint32_t>(held)});
  }
  return engine.why(run, now);
}

namespace {

/// All runs that have begun, in an engine of their own; nothing is sent or written. Calls `waits`
/// with each task that is not done, and its run.
template <class Waits>
Result<> restore_all(StoreReader& store, const FlowLoader& loader, const engine::Limits& limits,
                     Millis now, engine::Engine& engine, const Waits& waits) {
  TRY_ASSIGN(const engine::Surroundings around, look_round(store, limits, now));
  engine.know(now, around);
  engine::Decision unused;
  for (const RunRow& row : around.runs) {
    if (row.state == RunState::kPending) continue;
    TRY_ASSIGN(RunSnapshot snapshot, store.load_run(row.no));
    if (is_final(snapshot.run.state)) continue;  // it has ended meanwhile
    TRY_ASSIGN(const FlowVersionRow version, store.find_flow(row.flow_hash));
    TRY_ASSIGN(auto flow, loader(version.canonical, row.folder));
    TRY(engine.restore_run(now, std::move(snapshot), std::move(flow), unused));
    for (const engine::Blocker& blocker : engine.why(row.no, now)) waits(row.no, blocker);
  }
  return {};
}

}  // namespace

Result<std::vector<PoolUse>> pool_use(StoreReader& store, const FlowLoader& loader,
                                      const engine::Limits& limits, Millis now) {
  const PlainEvaluator evaluator;
  engine::Engine engine({1, limits.pools, limits.places}, evaluator);
  std::vector<PoolUse> use;
  use.reserve(limits.pools.size());
  for (const PoolSpec& spec : limits.pools) use.push_back({spec});
  const auto waits = [&use](RunNo run, const engine::Blocker& blocker) {
    const auto pool = std::ranges::find(
        use, blocker.pool, [](const PoolUse& one) { return std::string_view(one.spec.name); });
    if (pool != use.end()) pool->waiting.push_back({run, blocker.path});
  };
  TRY(restore_all(store, loader, limits, now, engine, waits));
  for (PoolUse& pool : use) {
    const engine::PoolState& state = *engine.slots().find(pool.spec.name);
    for (const auto& [holder, driven] : state.holders) pool.holders.push_back(holder);
    pool.started = state.starts.size();
    if (state.next_start() > now) pool.next_start = state.next_start();
    std::ranges::sort(pool.waiting);
  }
  return use;
}

Result<std::vector<PlaceUse>> place_use(StoreReader& store, const FlowLoader& loader,
                                        const engine::Limits& limits, Millis now) {
  const PlainEvaluator evaluator;
  engine::Engine engine({1, limits.pools, limits.places}, evaluator);
  std::map<std::string, std::vector<engine::SlotHolder>> waiting;  // by place
  const auto waits = [&waiting](RunNo run, const engine::Blocker& blocker) {
    for (const std::string& place : blocker.places) waiting[place].push_back({run, blocker.path});
  };
  TRY(restore_all(store, loader, limits, now, engine, waits));
  std::vector<PlaceUse> use;
  use.reserve(limits.places.size());
  for (const engine::PlaceState& place : engine.slots().places().all()) {
    PlaceUse& one = use.emplace_back(PlaceUse{place.spec, place.cpu_millis, place.memory_bytes});
    for (const auto& [holder, held] : place.holders) one.holders.push_back(holder);
    one.waiting = std::move(waiting[place.spec.name]);
    std::ranges::sort(one.waiting);
  }
  return use;
}

}  // namespace cordyna
