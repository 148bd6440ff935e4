#include "server/tasks/declarer.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <string_view>

#include "flow/flow_file.hpp"
#include "network/declared_flow.hpp"
#include "service/apply_plan.hpp"

namespace cordyna::server {
namespace {

std::vector<std::string> needs_of(const Flow& flow) {
  std::vector<std::string> needs;
  for (const TaskSpec& task : flow.tasks) {
    if (task.kind == TaskKind::kRun) needs.push_back(task.subflow.name());
  }
  return needs;
}

}  // namespace

Result<> Declarer::learn() {
  if (!learned_) {
    AppliedFilter also_removed;
    also_removed.removed = true;
    TRY_ASSIGN(const std::vector<AppliedFlowRow> rows, all_applied(reader_, also_removed));
    for (const AppliedFlowRow& row : rows) TRY(learn(row));
    learned_ = true;
  }
  while (!stale_.empty()) {
    const auto& [ns, id] = *stale_.begin();
    const auto row = reader_.find_applied(ns, id);
    if (row.has_value()) {
      TRY(learn(*row));
    } else if (row.error().code != ErrorCode::kNotFound) {
      return std::unexpected<Error>(row.error());
    }
    stale_.erase(stale_.begin());
  }
  return {};
}

Result<> Declarer::learn(const AppliedFlowRow& row) {
  Known& known = known_[flow_name(row.ns, row.flow_id)];
  if (known.row.hash == row.hash && known.row.version == row.version) {
    known.row = row;
    return {};
  }
  TRY_ASSIGN(const FlowVersionRow version, reader_.find_flow(row.hash));
  const auto flow = flow::from_canonical(version.canonical, row.folder);
  // One that cannot be read has its name, and keeps nobody else from declaring.
  known = {row};
  if (flow.has_value()) {
    known = {row, network::declarer_of(**flow), (*flow)->owner, needs_of(**flow)};
  }
  return {};
}

void Declarer::changed(const std::vector<AppliedFlowRow>& rows) {
  for (const AppliedFlowRow& row : rows) stale_.emplace(row.ns, row.flow_id);
}

const Declarer::Known* Declarer::find(const std::string& name, const ByName& fresh) const {
  const auto here = fresh.find(name);
  if (here != fresh.end()) return &here->second;
  const auto there = known_.find(name);
  return there == known_.end() || there->second.row.removed_at != 0 ? nullptr : &there->second;
}

/// Whether what goes before these goes round somewhere. Looks at each task once, however many
/// there are.
bool Declarer::has_circle(const std::vector<std::string>& from, const ByName& fresh) const {
  struct Open {
    const std::string* name;
    const Known* known;
    std::size_t next = 0;  // need to look at
  };
  std::unordered_map<std::string_view, bool> seen;  // whether all before it was looked at
  std::vector<Open> open;
  const auto begin = [&](const std::string& name) {
    const Known* const known = find(name, fresh);
    if (known != nullptr && seen.emplace(name, false).second) open.push_back({&name, known});
  };
  for (const std::string& name : from) {
    begin(name);
    while (!open.empty()) {
      Open& top = open.back();
      if (top.next == top.known->needs.size()) {
        seen[*top.name] = true;
        open.pop_back();
        continue;
      }
      const std::string& need = top.known->needs[top.next++];
      const auto met = seen.find(need);
      if (met == seen.end()) {
        begin(need);
      } else if (!met->second) {
        return true;
      }
    }
  }
  return false;
}

/// "orders/load (orders) → billing/sum (billing) → orders/load"; empty: it is in none.
std::string Declarer::circle_of(const std::string& name, const ByName& fresh) const {
  std::map<std::string, std::string> before{{name, ""}};
  std::vector<std::string> open{name};
  while (!open.empty()) {
    const std::string at = open.back();
    open.pop_back();
    const Known* const known = find(at, fresh);
    if (known == nullptr) continue;
    for (const std::string& need : known->needs) {
      if (need == name) {
        std::string way = name;
        for (std::string one = at; !one.empty(); one = before.at(one)) {
          way = fmt::format("{} ({}) → {}", one, find(one, fresh)->owner, way);
        }
        return way;
      }
      if (before.emplace(need, at).second) open.push_back(need);
    }
  }
  return {};
}

void Declarer::refuse_circles(const network::Declaring& what, const ByName& fresh,
                              std::map<std::string, std::string>& canonicals, Plan& plan) const {
  std::vector<std::string> names;
  names.reserve(canonicals.size());
  for (const auto& [name, canonical] : canonicals) names.push_back(name);
  if (!has_circle(names, fresh)) return;
  for (const protocol::Declaration& task : what.tasks) {
    const std::string name = flow_name(what.server.team, task.id);
    if (!fresh.contains(name)) continue;
    const std::string circle = circle_of(name, fresh);
    if (circle.empty()) continue;
    plan.rejected.push_back(
        {task.id, "#/needs", "circle", "tasks would need each other for ever: " + circle});
    canonicals.erase(name);
  }
}

Result<Declarer::Plan> Declarer::plan(const network::Declaring& what,
                                      const std::function<bool(const network::ServerName&)>& here) {
  TRY(learn());
  Plan plan;
  ByName fresh;
  std::map<std::string, std::string> canonicals;
  const std::string file = "task server " + what.server.text();
  for (const protocol::Declaration& task : what.tasks) {
    const std::string name = flow_name(what.server.team, task.id);
    const auto refuse = [&](std::string path, std::string code, std::string message) {
      plan.rejected.push_back({task.id, std::move(path), std::move(code), std::move(message)});
    };
    const auto known = known_.find(name);
    const bool is_there = known != known_.end() && known->second.row.removed_at == 0;
    if (is_there && known->second.server.server.empty()) {
      refuse("#/id", "taken", "a flow has this name: " + known->second.row.file);
      continue;
    }
    if (is_there && known->second.server != what.server && here(known->second.server)) {
      refuse("#/id", "taken",
             fmt::format("task server '{}' declares it, and is here", known->second.server.text()));
      continue;
    }
    const flow::Parsed parsed =
        flow::parse(network::flow_text(what.server, task), file, layout_.folder());
    if (parsed.flow == nullptr) {
      std::string all;
      for (const flow::Diagnostic& one : parsed.diagnostics) {
        if (one.severity == flow::Severity::kError) all += (all.empty() ? "" : "; ") + one.message;
      }
      refuse("#", "invalid", all);
      continue;
    }
    fresh[name] = {{}, what.server, parsed.flow->owner, needs_of(*parsed.flow)};
    if (is_there && known->second.row.hash == parsed.flow->hash) continue;
    canonicals[name] = parsed.canonical;
  }
  refuse_circles(what, fresh, canonicals, plan);
  for (auto& [name, canonical] : canonicals) {
    const auto known = known_.find(name);
    FlowChange change{what.server.team, name.substr(what.server.team.size() + 1)};
    if (known != known_.end()) {
      change.from = known->second.row.version;
      change.was_removed = known->second.row.removed_at != 0;
    }
    change.canonical = std::move(canonical);
    change.folder = layout_.folder();
    change.file = file;
    plan.changes.push_back(std::move(change));
  }
  add_removals(what, plan);
  return plan;
}

/// What the server declares no more. A task that it declares wrongly stays as it was.
void Declarer::add_removals(const network::Declaring& what, Plan& plan) const {
  for (const auto& [name, known] : known_) {
    if (known.server != what.server || known.row.removed_at != 0) continue;
    const bool declared = std::ranges::any_of(what.tasks, [&](const protocol::Declaration& task) {
      return task.id == known.row.flow_id;
    });
    const bool flawed = std::ranges::any_of(
        what.flawed, [&](const network::Rejection& one) { return one.task == known.row.flow_id; });
    if (declared || flawed) continue;
    FlowChange change{known.row.ns, known.row.flow_id, known.row.version, false};
    plan.changes.push_back(std::move(change));
  }
  std::ranges::sort(plan.changes, {}, &FlowChange::flow_id);
}

}  // namespace cordyna::server
