/// The needs of flows, kept between one plan and the next: each flow, and how its runs ended, is
/// read once, and again only when a commit has changed it. In a network of 20,000 tasks that is the
/// difference between a second and a few milliseconds.
///
/// It holds what was ever asked for: a few hundred bytes for each flow, and as much again for its
/// needs.
#pragma once

#include <memory>
#include <vector>

#include "base/result.hpp"
#include "base/time.hpp"
#include "cerebro/cerebro.hpp"
#include "model/flow.hpp"
#include "ports/store.hpp"
#include "service/need_plan.hpp"

namespace cordyna {

class NeedGraph final : public CommitObserver {
 public:
  NeedGraph();
  ~NeedGraph() override;
  NeedGraph(const NeedGraph&) = delete;
  NeedGraph& operator=(const NeedGraph&) = delete;

  /// As plan_run. `find` always means the same flows. Threads: one at a time.
  [[nodiscard]] Result<std::vector<PlannedRun>> plan(StoreReader& reader, const FlowOf& find,
                                                     const Flow& flow, Millis now);

  // Threads: any, also while a plan is made.
  void on_commit(const ChangeSet& changes) override;
  void on_stopped(const Error& error) override { static_cast<void>(error); }

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace cordyna
