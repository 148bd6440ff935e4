#include "cerebro/explain.hpp"

#include <algorithm>
#include <limits>

#include "cerebro/plain_evaluator.hpp"
#include "engine/engine.hpp"

namespace cordyna {

Result<std::vector<engine::Blocker>> explain(StoreReader& store, RunNo run,
                                             const FlowLoader& loader, Millis now) {
  TRY_ASSIGN(RunSnapshot snapshot, store.load_run(run));
  TRY_ASSIGN(const FlowVersionRow version, store.find_flow(snapshot.run.flow_hash));
  TRY_ASSIGN(auto flow, loader(version.canonical, snapshot.run.folder));
  // As many slots as are taken: whatever else is ready waits for one.
  const auto live =
      std::ranges::count_if(snapshot.attempts, [](const AttemptRow& a) { return !a.known_dead; });
  const PlainEvaluator evaluator;  // nothing is rendered when a run is only looked at
  engine::Engine engine(static_cast<std::uint32_t>(std::max<std::ptrdiff_t>(live, 1)), evaluator);
  engine::Decision unused;
  TRY(engine.restore_run(now, std::move(snapshot), std::move(flow), unused));
  return engine.why(run, now);
}

}  // namespace cordyna
