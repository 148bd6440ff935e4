#include "cerebro/explain.hpp"

#include <algorithm>
#include <limits>

#include "engine/engine.hpp"

namespace cordyna {
namespace {

/// Nothing is rendered when a run is only looked at.
class NoEvaluator final : public Evaluator {
 public:
  Result<std::string> render(std::string_view text, std::string_view) const override {
    return std::string(text);
  }
  Result<std::string> render_json(std::string_view json, std::string_view) const override {
    return std::string(json);
  }
  Result<bool> condition(std::string_view, std::string_view) const override { return true; }
};

}  // namespace

Result<std::vector<engine::Blocker>> explain(StoreReader& store, RunNo run,
                                             const FlowLoader& loader, Millis now) {
  TRY_ASSIGN(RunSnapshot snapshot, store.load_run(run));
  TRY_ASSIGN(const FlowVersionRow version, store.find_flow(snapshot.run.flow_hash));
  TRY_ASSIGN(auto flow, loader(version.canonical, snapshot.run.folder));
  // As many slots as are taken: whatever else is ready waits for one.
  const auto live =
      std::ranges::count_if(snapshot.attempts, [](const AttemptRow& a) { return !a.known_dead; });
  const NoEvaluator evaluator;
  engine::Engine engine(static_cast<std::uint32_t>(std::max<std::ptrdiff_t>(live, 1)), evaluator);
  engine::Decision unused;
  TRY(engine.restore_run(now, std::move(snapshot), std::move(flow), unused));
  return engine.why(run, now);
}

}  // namespace cordyna
