#include "cerebro/surroundings.hpp"

#include <algorithm>
#include <iterator>
#include <utility>

namespace cordyna {
namespace {

constexpr std::uint32_t kPageRuns = 500;

}  // namespace

Result<std::vector<RunRow>> unfinished_runs(StoreReader& store) {
  std::vector<RunRow> all;
  RunFilter filter;
  filter.unfinished = true;
  filter.limit = kPageRuns;
  for (;;) {
    TRY_ASSIGN(std::vector<RunRow> page, store.list_runs(filter));
    const bool last = page.size() < kPageRuns;
    std::ranges::move(page, std::back_inserter(all));
    if (last) return all;
    filter.before = all.back().no;
  }
}

Result<engine::Surroundings> look_round(StoreReader& store, const engine::Limits& limits,
                                        Millis now) {
  engine::Surroundings around;
  TRY_ASSIGN(around.runs, unfinished_runs(store));
  if (limits.pools.empty() && limits.places.empty()) return around;
  for (const RunRow& run : around.runs) {
    if (run.state == RunState::kPending) continue;
    TRY_ASSIGN(std::vector<AttemptRow> attempts, store.list_attempts(run.no));
    std::erase_if(attempts, [](const AttemptRow& row) {
      return (row.pool.empty() && row.place.place.empty()) || row.known_dead;
    });
    std::ranges::move(attempts, std::back_inserter(around.holders));
  }
  for (const PoolSpec& pool : limits.pools) {
    if (pool.rate.count == 0) continue;
    engine::Surroundings::Starts starts{pool.name};
    TRY_ASSIGN(starts.at, store.list_pool_starts(pool.name, now - pool.rate.per, pool.rate.count));
    std::ranges::reverse(starts.at);
    around.starts.push_back(std::move(starts));
  }
  return around;
}

}  // namespace cordyna
