/// A network of flows with what they need, and runs of them.
#pragma once

#include <gtest/gtest.h>

#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "service/need_plan.hpp"
#include "store/memory/memory_store.hpp"

namespace cordyna {
inline constexpr Millis kWindow = 3'600'000;
inline constexpr Millis kNow = 1'000 * kWindow;

class NeedWorld : public ::testing::Test {
 protected:
  void add(const std::string& id, const std::vector<std::pair<std::string, Millis>>& needs) {
    auto flow = std::make_shared<Flow>();
    flow->ns = "n";
    flow->id = id;
    flow->hash = id;
    flow->owner = "team-" + id;
    for (const auto& [name, within] : needs) {
      TaskSpec task;
      task.id = "flow:n/" + name;
      task.kind = TaskKind::kRun;
      task.subflow.ns = "n";
      task.subflow.id = name;
      task.subflow.within = within;
      flow->tasks.push_back(std::move(task));
    }
    flows_[id] = std::move(flow);
  }

  void ran(RunNo no, const std::string& id, RunState state, Millis ended_at,
           const std::string& ns = "n") {
    ChangeSet changes;
    changes.flows.push_back({ns + id, id, ns, "{}"});
    RunRow run;
    run.no = no;
    run.id = RunId{"00000000-0000-7000-8000-00000000000" + std::to_string(no)};
    run.flow_id = id;
    run.ns = ns;
    run.flow_hash = ns + id;
    run.inputs = "{}";
    run.state = state;
    run.created_at = run.started_at = 1;
    run.ended_at = ended_at;
    changes.runs.push_back(run);
    HistoryRow history;
    history.run = no;
    history.seq = 1;
    history.at = 1;
    history.run_state = state;
    changes.history.push_back(history);
    ASSERT_TRUE(store_.commit(changes).has_value());
    committed(changes);
  }

  virtual void committed(const ChangeSet& /*changes*/) {}

  static std::string text_of(const std::vector<PlannedRun>& plan) {
    std::string told;
    for (const PlannedRun& one : plan) {
      told += (told.empty() ? "" : " ") + one.of->flow.substr(2) + ":" +
              std::string(to_string(one.fate));
    }
    return told;
  }

  FlowOf find_ = [this](std::string_view,
                        std::string_view name) -> Result<std::shared_ptr<const Flow>> {
    ++asked_;
    const auto found = flows_.find(std::string(name));
    if (found == flows_.end()) return fail(ErrorCode::kNotFound, "no such flow");
    return found->second;
  };
  int asked_ = 0;  // flows that were looked for
  MemoryStore store_;
  std::map<std::string, std::shared_ptr<const Flow>> flows_;
};

}  // namespace cordyna
