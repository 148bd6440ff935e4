/// The limits of a world, and what they promise: `concurrency`, pools and rates.
#pragma once

#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "model/flow.hpp"
#include "model/pool.hpp"
#include "model/rows.hpp"
#include "sim/random.hpp"

namespace cordyna::sim {

/// Drawn apart from the rest of a world, which stays as it is without them.
struct WorldLimits {
  Concurrency concurrency{};      ///< of the one flow that all runs are of
  std::vector<PoolSpec> pools{};  ///< an owner may find other slots than the one before

  [[nodiscard]] bool any() const { return concurrency.limit > 0 || !pools.empty(); }
};

[[nodiscard]] WorldLimits random_limits(Random& random);
/// Another owner, another cordyna.yaml: the slots change, the rates stay.
void redraw_slots(Random& random, WorldLimits& limits);
/// The flow with the world's concurrency, and pools for some of its tasks.
[[nodiscard]] std::shared_ptr<const Flow> with_limits(const Flow& flow, const WorldLimits& limits,
                                                      Random& random);

/// How often a limit was reached.
struct LimitSightings {
  std::uint64_t queued_runs = 0;
  std::uint64_t admitted_runs = 0;
  std::uint64_t skipped_runs = 0;
  std::uint64_t displaced_runs = 0;  ///< cancelled for a later one
  std::uint64_t full_pools = 0;      ///< a start took the last slot
  std::uint64_t full_rates = 0;      ///< a start was the last that the span allowed
  std::uint64_t over_full = 0;       ///< adopted attempts held more than there are
};

/// Watches every commit: never more runs of one key than the limit, in order of arrival; never more
/// attempts of a pool than its slots, but for adopted ones; never more starts than the rate.
class LimitChecker {
 public:
  LimitChecker(const WorldLimits& limits, std::function<void(const std::string&)> violation)
      : limits_(limits), violation_(std::move(violation)) {}

  void add_flow(RunNo run, std::shared_ptr<const Flow> flow) { flows_[run] = std::move(flow); }
  void on_commit(const ChangeSet& changes);
  [[nodiscard]] const LimitSightings& seen() const { return seen_; }

 private:
  void check_runs(const ChangeSet& changes);
  void check_begun(RunNo run);
  void check_attempt(const AttemptRow& row, std::set<std::string>& started);
  void check_rate(const PoolSpec& pool, Millis at);

  const WorldLimits& limits_;
  std::function<void(const std::string&)> violation_;
  std::map<RunNo, std::shared_ptr<const Flow>> flows_;
  std::map<RunNo, RunRow> runs_;  // that have not ended
  std::map<std::string, std::set<std::tuple<RunNo, std::string, std::uint32_t>>> holders_;
  std::map<std::string, std::deque<Millis>> starts_;
  LimitSightings seen_;
};

}  // namespace cordyna::sim
