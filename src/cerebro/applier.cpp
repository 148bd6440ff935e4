#include "cerebro/applier.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <set>
#include <string>
#include <utility>

#include "schedule/schedule.hpp"

namespace cordyna {
namespace {

constexpr std::uint32_t kFlowPage = 500;

std::string name_of(const FlowChange& change) {
  return flow_name(change.ns, change.flow_id);
}

/// Whether two triggers are due at the same times, whatever else they say.
bool same_times(const TriggerSpec& a, const TriggerSpec& b) {
  return a.type == b.type && a.cron == b.cron && a.timezone == b.timezone && a.on_gap == b.on_gap &&
         a.on_overlap == b.on_overlap && a.holidays == b.holidays;
}

/// Also one that is disabled: enabled again, it catches up like any other.
const TriggerSpec* find_trigger(const Flow* flow, const std::string& id) {
  if (flow == nullptr) return nullptr;
  const auto found = std::ranges::find(flow->triggers, id, &TriggerSpec::id);
  return found == flow->triggers.end() ? nullptr : &*found;
}

Result<> check_unchanged(const FlowChange& change, const AppliedFlowRow* present) {
  const std::int64_t version = present == nullptr ? 0 : present->version;
  const bool removed = present != nullptr && present->removed_at != 0;
  if (version == change.from && removed == change.was_removed) return {};
  return fail(ErrorCode::kConflict,
              fmt::format("flow '{}' was changed meanwhile: it has version {}{} now, and not {}",
                          name_of(change), version, removed ? " (removed)" : "", change.from));
}

void add_leads(const Flow& flow, std::vector<FlowLead>& leads) {
  const std::string name = flow.ns + '/' + flow.id;
  for (const TriggerSpec& spec : flow.triggers) {
    if (spec.disabled) continue;
    for (const std::string& before : spec.ends.flows) leads.push_back({before, name, true});
  }
  for (const TaskSpec& task : flow.tasks) {
    if (task.subflow.id.empty()) continue;
    leads.push_back({name, task.subflow.ns + '/' + task.subflow.id, false});
  }
}

}  // namespace

Result<std::int64_t> Applier::stage(Millis wall, const std::vector<FlowChange>& changes,
                                    ChangeSet& out) {
  ChangeSet staged;
  std::set<std::pair<std::string, std::string>> seen;
  for (const FlowChange& change : changes) {
    if (!seen.emplace(change.ns, change.flow_id).second) {
      return fail(ErrorCode::kConflict,
                  fmt::format("flow '{}' is named twice in one apply", name_of(change)));
    }
    auto present = store_.find_applied(change.ns, change.flow_id);
    if (!present.has_value() && present.error().code != ErrorCode::kNotFound) {
      return std::unexpected<Error>(present.error());
    }
    const AppliedFlowRow* row = present.has_value() ? &*present : nullptr;
    TRY(check_unchanged(change, row));
    if (!change.canonical.empty()) {
      TRY(put(wall, change, row, staged));
      continue;
    }
    if (row == nullptr || (row->removed_at != 0 && change.file.empty())) {
      return fail(
          ErrorCode::kInvalidArgument,
          fmt::format("flow '{}' is not applied: there is nothing to remove", name_of(change)));
    }
    AppliedFlowRow removed = *row;
    if (removed.removed_at == 0) removed.removed_at = wall;
    if (!change.file.empty()) removed.file = change.file;
    staged.applied.push_back(std::move(removed));
  }
  const auto move_all = [](auto& from, auto& to) {
    std::ranges::move(from, std::back_inserter(to));
  };
  move_all(staged.flows, out.flows);
  move_all(staged.applied, out.applied);
  move_all(staged.applied_versions, out.applied_versions);
  move_all(staged.sources, out.sources);
  move_all(staged.ticks, out.ticks);
  return std::ssize(changes);
}

Result<> Applier::put(Millis wall, const FlowChange& change, const AppliedFlowRow* present,
                      ChangeSet& out) {
  auto loaded = loader_(change.canonical, change.folder);
  if (!loaded.has_value()) return fail(fmt::format("flow '{}'", name_of(change)), loaded.error());
  const Flow& flow = **loaded;
  if (flow.ns != change.ns || flow.id != change.flow_id) {
    return fail(ErrorCode::kInvalidArgument,
                fmt::format("flow '{}' is not what its text says: '{}'", name_of(change),
                            flow_name(flow.ns, flow.id)));
  }
  const bool same =
      present != nullptr && present->hash == flow.hash && present->folder == change.folder;
  const bool back = present != nullptr && present->removed_at != 0;
  std::shared_ptr<const Flow> before;
  if (present != nullptr && !back) {
    TRY_ASSIGN(const FlowVersionRow version, store_.find_flow(present->hash));
    auto old = loader_(version.canonical, present->folder);
    // One that this program cannot read any more has no schedule that could go on.
    if (old.has_value()) before = std::move(*old);
  }
  AppliedFlowRow row;
  row.ns = change.ns;
  row.flow_id = change.flow_id;
  row.from = change.from;
  row.version = same ? present->version : change.from + 1;
  row.hash = flow.hash;
  row.folder = change.folder;
  row.file = change.file;
  row.applied_at = same && !back ? present->applied_at : wall;
  row.source = change.source.hash;
  if (!row.source.empty()) out.sources.push_back(change.source);
  if (present != nullptr) row.disabled = present->disabled;
  out.applied.push_back(row);
  out.flows.push_back({flow.hash, flow.id, flow.ns, change.canonical});
  if (!same) {
    out.applied_versions.push_back({row.ns, row.flow_id, row.version, row.hash, row.folder,
                                    row.file, row.applied_at, row.source});
  }
  return begin_schedules(wall, before.get(), flow, out);
}

Result<> Applier::begin_schedules(Millis wall, const Flow* before, const Flow& flow,
                                  ChangeSet& out) {
  for (const TriggerSpec& spec : flow.triggers) {
    if (spec.disabled || spec.type != TriggerType::kSchedule) continue;
    TRY(schedule::Schedule::of(spec));  // before anything is written: it can be kept
    const TriggerSpec* const old = find_trigger(before, spec.id);
    if (old != nullptr && same_times(*old, spec)) continue;
    const TickFilter newest{flow.ns, flow.id, spec.id, 0, 1};
    TRY_ASSIGN(const std::vector<TickRow> ticks, store_.list_ticks(newest));
    // Without a tick it begins where it is first kept.
    if (ticks.empty() || ticks.front().scheduled_for >= wall) continue;
    if (old != nullptr && old->type == TriggerType::kSchedule) {
      const auto times = schedule::Schedule::of(*old);
      const auto due = times.has_value() ? times->next(ticks.front().scheduled_for) : std::nullopt;
      if (due.has_value() && *due <= wall) continue;
    }
    TickRow begun;
    begun.ns = flow.ns;
    begun.flow_id = flow.id;
    begun.trigger = spec.id;
    begun.state = TickState::kBegun;
    begun.scheduled_for = begun.first = begun.at = wall;
    out.ticks.push_back(std::move(begun));
  }
  return {};
}

Result<Applier::Loaded> Applier::load(const AppliedFlowRow& row, const ChangeSet& staged) {
  Loaded loaded;
  const auto fresh = std::ranges::find(staged.flows, row.hash, &FlowVersionRow::hash);
  if (fresh != staged.flows.end()) {
    loaded.canonical = fresh->canonical;
  } else {
    TRY_ASSIGN(FlowVersionRow version, store_.find_flow(row.hash));
    loaded.canonical = std::move(version.canonical);
  }
  auto flow = loader_(loaded.canonical, row.folder);
  if (!flow.has_value()) {
    return fail(fmt::format("version {} of flow '{}', which another dyna applied; 'dyna apply' of "
                            "its file makes one that this one reads",
                            row.version, flow_name(row.ns, row.flow_id)),
                flow.error());
  }
  loaded.flow = std::move(*flow);
  return loaded;
}

Result<std::vector<AppliedFlowRow>> Applier::applied_rows() {
  std::vector<AppliedFlowRow> rows;
  AppliedFilter filter;
  filter.limit = kFlowPage;
  for (;;) {
    TRY_ASSIGN(std::vector<AppliedFlowRow> page, store_.list_applied(filter));
    for (AppliedFlowRow& row : page) {
      filter.after_ns = row.ns;
      filter.after_id = row.flow_id;
      rows.push_back(std::move(row));
    }
    if (page.size() < kFlowPage) return rows;
  }
}

Result<std::vector<KeptTrigger>> Applier::ends() {
  std::vector<KeptTrigger> found;
  TRY_ASSIGN(const std::vector<AppliedFlowRow> rows, applied_rows());
  for (const AppliedFlowRow& row : rows) {
    TRY_ASSIGN(const FlowVersionRow version, store_.find_flow(row.hash));
    if (!may_wait_for_flows(version.canonical)) continue;
    const auto flow = loader_(version.canonical, row.folder);
    if (!flow.has_value()) continue;
    for (std::size_t i = 0; i < (*flow)->triggers.size(); ++i) {
      const TriggerSpec& spec = (*flow)->triggers[i];
      if (spec.type == TriggerType::kFlow && !spec.disabled) found.push_back({*flow, {}, i});
    }
  }
  return found;
}

Result<const Applier::Known*> Applier::know(const AppliedFlowRow& row, const ChangeSet& staged) {
  Known& known = known_[flow_name(row.ns, row.flow_id)];
  known.seen = looks_;
  if (known.hash == row.hash && known.folder == row.folder) return &known;
  TRY_ASSIGN(Loaded loaded, load(row, staged));
  Known fresh{row.hash, row.folder, {}, {}, {}, false, looks_};
  for (std::size_t i = 0; i < loaded.flow->triggers.size(); ++i) {
    const TriggerSpec& spec = loaded.flow->triggers[i];
    const bool kept = spec.type == TriggerType::kSchedule || spec.type == TriggerType::kFlow;
    if (kept && !spec.disabled) fresh.triggers.push_back(i);
  }
  add_leads(*loaded.flow, fresh.leads);
  fresh.triggered = std::ranges::any_of(fresh.leads, &FlowLead::by_trigger);
  if (!fresh.triggers.empty()) fresh.loaded = std::move(loaded);
  known = std::move(fresh);
  return &known;
}

Result<AppliedTriggers> Applier::triggers(const ChangeSet& staged) {
  std::set<std::pair<std::string_view, std::string_view>> changed;
  for (const AppliedFlowRow& row : staged.applied) changed.emplace(row.ns, row.flow_id);
  TRY_ASSIGN(std::vector<AppliedFlowRow> rows, applied_rows());
  std::erase_if(rows, [&changed](const AppliedFlowRow& row) {
    return changed.contains({row.ns, row.flow_id});
  });
  for (const AppliedFlowRow& row : staged.applied) {
    if (row.removed_at == 0) rows.push_back(row);
  }
  ++looks_;
  std::vector<const Known*> all;
  all.reserve(rows.size());
  AppliedTriggers found;
  for (const AppliedFlowRow& row : rows) {
    TRY_ASSIGN(const Known* const known, know(row, staged));
    const Loaded& loaded = known->loaded;
    for (const std::size_t i : known->triggers) {
      if (loaded.flow->triggers[i].type == TriggerType::kFlow) {
        found.ends.push_back({loaded.flow, {}, i});
      } else if (row.disabled.at == 0) {
        found.schedules.push_back({loaded.flow, loaded.canonical, i});
      }
    }
    all.push_back(known);
  }
  std::erase_if(known_, [this](const auto& one) { return one.second.seen != looks_; });
  if (std::ranges::none_of(all, &Known::triggered)) return found;
  for (const Known* const known : all) {
    found.leads.insert(found.leads.end(), known->leads.begin(), known->leads.end());
  }
  return found;
}

}  // namespace cordyna
