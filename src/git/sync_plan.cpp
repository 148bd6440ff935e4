#include "git/sync_plan.hpp"

#include <fmt/format.h>

#include <map>
#include <set>
#include <utility>

#include "model/identity.hpp"
#include "service/flow_folder.hpp"

namespace cordyna::git {
namespace {

using FlowKey = std::pair<std::string, std::string>;

class Planner {
 public:
  Planner(const SyncWish& wish, const TreeFlows& tree, const std::vector<AppliedFlowRow>& present)
      : wish_(wish), tree_(tree) {
    plan_.flaws = tree.flaws;
    for (const AppliedFlowRow& row : present) {
      if (reaches(wish.follow->ns, row.ns)) present_[{row.ns, row.flow_id}] = &row;
    }
  }

  SyncPlan make() {
    know_flows();
    for (const auto& [key, row] : present_) look_at_edit(key, *row);
    if (!plan_.flaws.empty()) return without_changes();
    for (const auto& [key, flow] : flows_) {
      if (!kept_.contains(key)) put(key, *flow);
    }
    remove_gone();
    if (!plan_.flaws.empty()) return without_changes();
    return std::move(plan_);
  }

 private:
  SyncPlan without_changes() {
    plan_.changes.clear();
    plan_.added = plan_.changed = plan_.removed = 0;
    return std::move(plan_);
  }

  void flaw(std::string file, std::string message) {
    if (plan_.flaws.size() < kGitFlawsMax) {
      plan_.flaws.push_back({std::move(file), 0, 0, std::move(message)});
    }
  }

  void know_flows() {
    for (const TreeFlow& flow : tree_.flows) {
      const std::string name = flow_name(flow.ns, flow.id);
      marks_[flow.path] = text_mark(source_of(flow.text).hash);
      if (!reaches(wish_.follow->ns, flow.ns)) {
        const std::string& ns = wish_.follow->ns;
        flaw(flow.path, fmt::format("flow '{}' is not of namespace {}, which follows this branch; "
                                    "write namespace: {}, or one below it",
                                    name, ns, ns));
        continue;
      }
      const auto [first, fresh] = flows_.emplace(FlowKey(flow.ns, flow.id), &flow);
      if (!fresh) {
        flaw(flow.path, fmt::format("flow '{}' is in {} already; give one of them another id", name,
                                    first->second->path));
      }
    }
  }

  [[nodiscard]] std::string mark_at(const std::string& path) const {
    const auto found = marks_.find(path);
    return found == marks_.end() ? std::string() : found->second;
  }

  /// One that was changed here: whether that still holds.
  void look_at_edit(const FlowKey& key, const AppliedFlowRow& row) {
    const auto place = parse_git_place(row.file);
    if (!place.has_value() || !place->edited || wish_.discard) return;
    const bool removed = row.removed_at != 0;
    const std::string there = mark_at(place->path);
    if (there == (removed ? std::string() : text_mark(row.source))) return;  // the branch has it
    const auto now = flows_.find(key);
    const bool moved = now != flows_.end() && now->second->path != place->path;
    if (there == place->base && !moved) {
      kept_.insert(key);
      plan_.edits.push_back({row.ns, row.flow_id, place->path, removed ? "" : row.source});
      return;
    }
    flaw(moved ? now->second->path : place->path,
         fmt::format("flow '{}' was changed here and in the branch; 'dyna git sync {} --discard' "
                     "takes what the branch has, and what was changed here stays among its "
                     "versions",
                     flow_name(row.ns, row.flow_id), wish_.follow->ns));
  }

  void put(const FlowKey& key, const TreeFlow& flow) {
    const auto found = present_.find(key);
    const AppliedFlowRow* row = found == present_.end() ? nullptr : found->second;
    FlowChange change{flow.ns, flow.id, 0, false, flow.canonical, {}, {}, source_of(flow.text)};
    change.folder = folder_of(*wish_.follow, wish_.root, flow.path);
    const GitPlace place{wish_.commit, flow.path};
    change.file = to_string(place);
    if (row == nullptr) {
      ++plan_.added;
      plan_.changes.push_back(std::move(change));
      return;
    }
    change.from = row->version;
    change.was_removed = row->removed_at != 0;
    const bool same = row->hash == flow.hash && row->folder == change.folder;
    if (change.was_removed) {
      ++plan_.added;
    } else if (!same) {
      ++plan_.changed;
    } else {
      const auto before = parse_git_place(row->file);
      const bool noted = before.has_value() && !before->edited && before->path == flow.path &&
                         row->source == change.source.hash;
      if (noted) return;
    }
    plan_.changes.push_back(std::move(change));
  }

  void remove_gone() {
    std::size_t gone = 0;
    for (const auto& [key, row] : present_) {
      const auto place = parse_git_place(row->file);
      if (!place.has_value() || kept_.contains(key) || flows_.contains(key)) continue;
      const bool removed = row->removed_at != 0;
      if (removed && !place->edited) continue;
      if (!removed && !wish_.follow->prune) continue;
      FlowChange change{row->ns, row->flow_id, row->version, removed, {}, {}, {}, {}};
      // Also of one that is removed already: the branch has that by now.
      change.file = to_string(GitPlace{wish_.commit, place->path});
      plan_.changes.push_back(std::move(change));
      if (removed) continue;
      ++plan_.removed;
      ++gone;
    }
    if (!tree_.flows.empty() || gone < 2) return;
    // Rather a folder that has another name by now than a wish.
    flaw({}, fmt::format("there is no flow in {} any more, where {} came from; they stay, and "
                         "'dyna flows remove' ends them",
                         wish_.follow->folder.empty() ? "it" : "its folder " + wish_.follow->folder,
                         gone));
  }

  const SyncWish& wish_;
  const TreeFlows& tree_;
  std::map<FlowKey, const AppliedFlowRow*> present_;
  std::map<FlowKey, const TreeFlow*> flows_;
  std::map<std::string, std::string> marks_;  // of texts, by their paths
  std::set<FlowKey> kept_;                    // as they were changed here
  SyncPlan plan_;
};

}  // namespace

std::string folder_of(const GitFollow& follow, const std::string& root, const std::string& path) {
  const std::size_t skipped = follow.folder.empty() ? 0 : follow.folder.size() + 1;
  const std::string below = path.size() > skipped ? path.substr(skipped) : path;
  const std::size_t slash = below.rfind('/');
  return slash == std::string::npos ? root : root + "/" + below.substr(0, slash);
}

SyncPlan plan_sync(const SyncWish& wish, const TreeFlows& tree,
                   const std::vector<AppliedFlowRow>& present) {
  return Planner(wish, tree, present).make();
}

std::string totals_of(const SyncPlan& plan) {
  std::string out;
  for (const auto& [count, word] :
       {std::pair(plan.added, "added"), std::pair(plan.changed, "changed"),
        std::pair(plan.removed, "removed")}) {
    if (count > 0) out += fmt::format("{}{} {}", out.empty() ? "" : ", ", count, word);
  }
  return out.empty() ? "nothing new" : out;
}

}  // namespace cordyna::git
