#include "service/need_graph.hpp"

#include <mutex>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <utility>

#include "model/applied_flow.hpp"
#include "model/task_server.hpp"

namespace cordyna {
namespace {

constexpr std::uint32_t kRunsSeen = 50;
/// More names than this are not remembered one by one: then all is read anew.
constexpr std::size_t kChangesMax = 100'000;

struct Node;

struct Need {
  Node* of = nullptr;
  Millis within = 0;        // 0: it is begun, whatever there is
  bool has_inputs = false;  // it has to have run with the same: what these are is not known yet
};

/// What is known of the runs of a flow.
struct Runs {
  RunNo good = 0;  // of those that completed, that which ended last; 0: none
  Millis good_at = 0;
  RunNo live = 0;  // the newest one that has not ended; 0: none
};

struct Node {
  std::string ns;
  std::string id;
  bool known = false;
  std::shared_ptr<const FlowNeeds> flow;  // null, once it is known: there is none
  std::vector<Need> needs;
  bool runs_known = false;
  Runs runs;
  std::uint64_t plan = 0;  // the last one that came by
};

/// What commits have changed since the last plan.
struct Changes {
  std::unordered_set<std::string> flows;  // by name
  std::unordered_set<std::string> runs;   // flows whose runs are others, by name
  std::vector<RunNo> gone;                // runs that are no more
  bool all = false;

  [[nodiscard]] std::size_t size() const { return flows.size() + runs.size() + gone.size(); }
};

}  // namespace

class NeedGraph::Impl {
 public:
  Result<std::vector<PlannedRun>> plan(StoreReader& reader, const FlowOf& find, const Flow& flow,
                                       Millis now) {
    forget(take_changes());
    Planning planning{reader, find, now, ++plans_, {}, {}};
    Node& root = node(flow.ns, flow.id);
    root.plan = planning.number;
    learn(root, flow);
    planning.open.push_back({&root, 0});
    // Depth first, without recursion: a chain may be as long as the network is.
    while (!planning.open.empty()) {
      Open& top = planning.open.back();
      if (top.next == top.node->needs.size()) {
        planning.made.push_back({top.node->flow, NeedFate::kRuns, 0, 0});
        planning.open.pop_back();
        continue;
      }
      TRY(visit(planning, top.node->needs[top.next++]));
    }
    return std::move(planning.made);
  }

  void note(const ChangeSet& changes) {
    const std::lock_guard lock(mutex_);
    if (!used_ || changes_.all) return;
    for (const AppliedFlowRow& row : changes.applied) {
      changes_.flows.insert(flow_name(row.ns, row.flow_id));
    }
    for (const RunRow& row : changes.runs) {
      const bool same = row.from.has_value() && is_final(*row.from) == is_final(row.state);
      if (same) continue;  // it goes on
      changes_.runs.insert(flow_name(row.ns, row.flow_id));
    }
    for (const auto* gone : {&changes.removed_runs, &changes.gone_runs}) {
      changes_.gone.insert(changes_.gone.end(), gone->begin(), gone->end());
    }
    if (changes_.size() > kChangesMax) {
      changes_ = {};
      changes_.all = true;
    }
  }

 private:
  struct Open {
    Node* node = nullptr;
    std::size_t next = 0;  // need to look at
  };
  struct Planning {
    StoreReader& reader;
    const FlowOf& find;
    Millis now;
    std::uint64_t number;
    std::vector<Open> open;
    std::vector<PlannedRun> made;
  };

  Changes take_changes() {
    const std::lock_guard lock(mutex_);
    used_ = true;
    return std::exchange(changes_, {});
  }

  void forget(const Changes& changes) {
    const auto forget_runs = [this](Node& node) {
      shown_.erase(node.runs.good);
      shown_.erase(node.runs.live);
      node.runs_known = false;
      node.runs = {};
    };
    if (changes.all) {
      for (const auto& [name, node] : nodes_) {
        node->known = false;
        forget_runs(*node);
      }
    }
    for (const std::string& name : changes.flows) {
      const auto found = nodes_.find(name);
      if (found != nodes_.end()) found->second->known = false;
    }
    for (const std::string& name : changes.runs) {
      const auto found = nodes_.find(name);
      if (found != nodes_.end()) forget_runs(*found->second);
    }
    for (const RunNo run : changes.gone) {
      const auto shown = shown_.find(run);
      if (shown != shown_.end()) forget_runs(*shown->second);
    }
  }

  Node& node(const std::string& ns, const std::string& id) {
    std::unique_ptr<Node>& known = nodes_[flow_name(ns, id)];
    if (known == nullptr) {
      known = std::make_unique<Node>();
      known->ns = ns;
      known->id = id;
    }
    return *known;
  }

  void learn(Node& node, const Flow& flow) {
    auto made = std::make_shared<FlowNeeds>();
    made->flow = flow_name(flow.ns, flow.id);
    made->owner = flow.owner;
    node.needs.clear();
    for (const TaskSpec& task : flow.tasks) {
      if (task.kind == TaskKind::kServed) made->server = server_of_line(task.pool);
      if (task.kind != TaskKind::kRun) continue;
      const Subflow& wanted = task.subflow;
      made->needs.push_back(wanted.name());
      node.needs.push_back(
          {&this->node(wanted.ns, wanted.id), wanted.within, !wanted.inputs.empty()});
    }
    node.flow = std::move(made);
    node.known = true;
  }

  Result<> look_up(Planning& planning, Node& node) {
    auto flow = planning.find(node.ns, node.id);
    if (flow.has_value()) return learn(node, **flow), Result<>();
    if (flow.error().code != ErrorCode::kNotFound) return std::unexpected<Error>(flow.error());
    node.flow = nullptr;
    node.needs.clear();
    node.known = true;
    return {};
  }

  Result<> look_at_runs(Planning& planning, Node& node) {
    RunFilter filter;
    filter.flow_id = node.id;
    filter.ns = node.ns;
    filter.limit = kRunsSeen;
    TRY_ASSIGN(const std::vector<RunRow> runs, planning.reader.list_runs(filter));
    for (const RunRow& run : runs) {
      if (!run.backfill.empty()) continue;
      const bool well = run.state == RunState::kCompleted || run.state == RunState::kWarning;
      if (well && run.ended_at > node.runs.good_at) {
        node.runs.good = run.no;
        node.runs.good_at = run.ended_at;
      }
      if (!is_final(run.state) && node.runs.live == 0) node.runs.live = run.no;
    }
    if (node.runs.good != 0) shown_[node.runs.good] = &node;
    if (node.runs.live != 0) shown_[node.runs.live] = &node;
    node.runs_known = true;
    return {};
  }

  Result<> visit(Planning& planning, const Need& need) {
    Node& node = *need.of;
    if (node.plan == planning.number) return {};
    node.plan = planning.number;
    if (!node.known) TRY(look_up(planning, node));
    if (node.flow == nullptr) {
      auto missing = std::make_shared<FlowNeeds>();
      missing->flow = flow_name(node.ns, node.id);
      planning.made.push_back({std::move(missing), NeedFate::kMissing, 0, 0});
      return {};
    }
    if (need.within > 0 && !need.has_inputs) {
      if (!node.runs_known) TRY(look_at_runs(planning, node));
      const Runs& runs = node.runs;
      if (runs.good != 0 && runs.good_at >= planning.now - need.within) {
        planning.made.push_back({node.flow, NeedFate::kFresh, runs.good, runs.good_at});
        return {};
      }
      if (runs.live != 0) {
        planning.made.push_back({node.flow, NeedFate::kJoins, runs.live, 0});
        return {};
      }
    }
    planning.open.push_back({&node, 0});
    return {};
  }

  std::unordered_map<std::string, std::unique_ptr<Node>> nodes_;
  std::unordered_map<RunNo, Node*> shown_;
  std::uint64_t plans_ = 0;

  std::mutex mutex_;
  Changes changes_;    // guarded by mutex_
  bool used_ = false;  // guarded by mutex_: nothing is noted before the first plan
};

NeedGraph::NeedGraph() : impl_(std::make_unique<Impl>()) {}

NeedGraph::~NeedGraph() = default;

Result<std::vector<PlannedRun>> NeedGraph::plan(StoreReader& reader, const FlowOf& find,
                                                const Flow& flow, Millis now) {
  return impl_->plan(reader, find, flow, now);
}

void NeedGraph::on_commit(const ChangeSet& changes) {
  impl_->note(changes);
}

}  // namespace cordyna
