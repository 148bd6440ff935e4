#include "sim/limits.hpp"

#include <algorithm>

#include "model/layout.hpp"

namespace cordyna::sim {

WorldLimits random_limits(Random& random) {
  WorldLimits limits;
  if (random.chance(50)) {
    limits.concurrency.limit = static_cast<std::uint32_t>(1 + random.below(2));
    limits.concurrency.when_full = static_cast<WhenFull>(random.below(3));
    if (random.chance(40)) limits.concurrency.key = "{inputs}";
  }
  if (random.chance(50)) {
    const std::uint64_t pools = 1 + random.below(2);
    for (std::uint64_t i = 0; i < pools; ++i) {
      PoolSpec pool;
      pool.name = "p" + std::to_string(i);
      if (random.chance(70)) pool.slots = static_cast<std::uint32_t>(1 + random.below(3));
      if (pool.slots == 0 || random.chance(40)) {
        pool.rate = {static_cast<std::uint32_t>(1 + random.below(3)), random.between(500, 8000)};
      }
      limits.pools.push_back(std::move(pool));
    }
  }
  return limits;
}

void redraw_slots(Random& random, WorldLimits& limits) {
  for (PoolSpec& pool : limits.pools) {
    if (pool.slots > 0) pool.slots = static_cast<std::uint32_t>(1 + random.below(3));
  }
}

std::shared_ptr<const Flow> with_limits(const Flow& flow, const WorldLimits& limits,
                                        Random& random) {
  auto limited = std::make_shared<Flow>(flow);
  limited->concurrency = limits.concurrency;
  for (TaskSpec& task : limited->tasks) {
    const bool takes = task.kind == TaskKind::kProcess && !limits.pools.empty();
    if (takes && random.chance(60))
      task.pool = limits.pools[random.below(limits.pools.size())].name;
  }
  return limited;
}

void LimitChecker::on_commit(const ChangeSet& changes) {
  check_runs(changes);
  std::set<std::string> started;
  for (const AttemptRow& row : changes.attempts) check_attempt(row, started);
  for (const PoolSpec& pool : limits_.pools) {
    if (pool.slots == 0) continue;
    const std::size_t held = holders_[pool.name].size();
    if (held > pool.slots && !started.contains(pool.name)) ++seen_.over_full;
    if (!started.contains(pool.name)) continue;
    if (held == pool.slots) ++seen_.full_pools;
    if (held > pool.slots) violation_("more attempts of a pool at once than its slots");
  }
}

void LimitChecker::check_runs(const ChangeSet& changes) {
  std::vector<RunNo> begun;
  for (const RunRow& row : changes.runs) {
    const bool fresh = !row.from.has_value();
    if (fresh && row.state == RunState::kPending) ++seen_.queued_runs;
    if (fresh && row.state == RunState::kCancelled) {
      ++seen_.skipped_runs;
      if (limits_.concurrency.when_full != WhenFull::kSkip) violation_("a run was skipped");
    }
    const bool admitted = row.from == RunState::kPending && row.state == RunState::kRunning;
    if (admitted) ++seen_.admitted_runs;
    if (admitted || (fresh && row.state == RunState::kRunning)) begun.push_back(row.no);
    if (row.state == RunState::kPending && row.deadline_at != 0) {
      violation_("a pending run has a deadline");
    }
    runs_[row.no] = row;
  }
  for (const HistoryRow& row : changes.history) {
    if (row.detail.find("which cancels those before it") != std::string::npos) {
      ++seen_.displaced_runs;
    }
  }
  // What ended in this very commit makes room for what begins in it.
  std::map<RunNo, RunRow> left;
  std::ranges::copy_if(runs_, std::inserter(left, left.end()),
                       [](const auto& run) { return !is_final(run.second.state); });
  const std::map<RunNo, RunRow> all = std::exchange(runs_, std::move(left));
  for (const RunNo run : begun) {
    if (limits_.concurrency.limit > 0) check_begun(all.at(run).no);
    const std::string& key = all.at(run).concurrency_key;
    for (const auto& [no, other] : runs_) {
      const bool earlier = no < run && other.concurrency_key == key;
      if (earlier && other.state == RunState::kPending) {
        violation_("run " + std::to_string(run) + " begins before run " + std::to_string(no) +
                   ", which came first");
      }
    }
  }
}

void LimitChecker::check_begun(RunNo run) {
  const auto at = runs_.find(run);
  if (at == runs_.end()) return;  // it ended in the commit that it began in
  const auto count = std::ranges::count_if(runs_, [&](const auto& other) {
    return other.second.state != RunState::kPending &&
           other.second.concurrency_key == at->second.concurrency_key;
  });
  if (count > static_cast<std::ptrdiff_t>(limits_.concurrency.limit)) {
    violation_("more runs of one key than the limit: " + std::to_string(count));
  }
}

void LimitChecker::check_attempt(const AttemptRow& row, std::set<std::string>& started) {
  const auto& tasks = flows_.at(row.run)->tasks;
  const auto spec = std::ranges::find(tasks, task_in_path(row.path), &TaskSpec::id);
  if (row.pool != spec->pool) violation_("an attempt has another pool than its task");
  if (row.pool.empty()) return;
  auto& holders = holders_[row.pool];
  const std::tuple<RunNo, std::string, std::uint32_t> key{row.run, row.path, row.attempt};
  if (row.known_dead) {
    holders.erase(key);
    return;
  }
  const bool fresh = !row.from.has_value();
  holders.insert(key);
  if (!fresh) return;
  started.insert(row.pool);
  const auto pool = std::ranges::find(limits_.pools, row.pool, &PoolSpec::name);
  check_rate(*pool, row.dispatched_at);
}

void LimitChecker::check_rate(const PoolSpec& pool, Millis at) {
  if (pool.rate.count == 0) return;
  std::deque<Millis>& starts = starts_[pool.name];
  starts.push_back(at);
  while (starts.front() <= at - pool.rate.per) starts.pop_front();
  if (starts.size() == pool.rate.count) ++seen_.full_rates;
  if (starts.size() > pool.rate.count) violation_("more starts of a pool than its rate");
}

}  // namespace cordyna::sim
