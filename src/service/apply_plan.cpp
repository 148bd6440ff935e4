#include "service/apply_plan.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <iterator>
#include <map>
#include <tuple>
#include <utility>

#include "base/text.hpp"

namespace cordyna {
namespace {

constexpr std::uint32_t kFlowPage = 500;

PlannedFlow plan_file(const FolderFlow& found, const AppliedFlowRow* present) {
  PlannedFlow planned;
  planned.ns = found.flow->ns;
  planned.id = found.flow->id;
  planned.file = path_of(found);
  planned.flow = found.flow;
  planned.canonical = found.canonical;
  planned.source = source_of(found.text);
  planned.version = 1;
  planned.fate = FlowFate::kAdded;
  if (present == nullptr) return planned;
  planned.present = *present;
  const bool same = present->hash == found.flow->hash && present->folder == found.flow->folder;
  planned.version = same ? present->version : present->version + 1;
  if (present->removed_at == 0) planned.fate = same ? FlowFate::kUnchanged : FlowFate::kChanged;
  return planned;
}

PlannedFlow plan_without_file(const AppliedFlowRow& present, FlowFate fate) {
  PlannedFlow planned;
  planned.ns = present.ns;
  planned.id = present.flow_id;
  planned.fate = fate;
  planned.version = present.version;
  planned.file = present.file;
  planned.present = present;
  return planned;
}

}  // namespace

std::string_view to_string(FlowFate fate) {
  switch (fate) {
    case FlowFate::kAdded: return "added";
    case FlowFate::kChanged: return "changed";
    case FlowFate::kUnchanged: return "unchanged";
    case FlowFate::kRemoved: return "removed";
    case FlowFate::kMissing: return "missing";
  }
  return "";
}

std::size_t ApplyPlan::count(FlowFate fate) const {
  return static_cast<std::size_t>(std::ranges::count(flows, fate, &PlannedFlow::fate));
}

bool ApplyPlan::changes_flows() const {
  return count(FlowFate::kAdded) + count(FlowFate::kChanged) + count(FlowFate::kRemoved) > 0;
}

std::vector<FlowChange> ApplyPlan::changes() const {
  std::vector<FlowChange> changes;
  for (const PlannedFlow& planned : flows) {
    if (planned.fate == FlowFate::kMissing) continue;
    const bool noted = planned.fate == FlowFate::kUnchanged &&
                       planned.present->file == planned.file &&
                       planned.present->source == planned.source.hash;
    if (noted) continue;
    FlowChange change{planned.ns, planned.id, 0, false, {}, {}, {}, {}};
    if (planned.present.has_value()) {
      change.from = planned.present->version;
      change.was_removed = planned.present->removed_at != 0;
    }
    if (planned.fate != FlowFate::kRemoved) {
      change.canonical = planned.canonical;
      change.folder = planned.flow->folder;
      change.file = planned.file;
      change.source = planned.source;
    }
    changes.push_back(std::move(change));
  }
  return changes;
}

ApplyPlan plan_apply(const std::vector<AppliedFlowRow>& present, const FlowFolder& found,
                     bool prune) {
  std::map<std::pair<std::string, std::string>, const AppliedFlowRow*> known;
  for (const AppliedFlowRow& row : present) known[{row.ns, row.flow_id}] = &row;
  ApplyPlan plan;
  for (const FolderFlow& one : found.flows) {
    const auto row = known.find({one.flow->ns, one.flow->id});
    plan.flows.push_back(plan_file(one, row == known.end() ? nullptr : row->second));
    if (row != known.end()) known.erase(row);
  }
  for (const auto& [name, row] : known) {
    if (row->removed_at != 0 || !in_scope(found, row->file)) continue;
    // A file that cannot be read now says nothing about what it had.
    if (std::ranges::find(found.refused_files, row->file) != found.refused_files.end()) continue;
    plan.flows.push_back(plan_without_file(*row, prune ? FlowFate::kRemoved : FlowFate::kMissing));
  }
  std::ranges::sort(plan.flows, {},
                    [](const PlannedFlow& one) { return std::tie(one.ns, one.id); });
  return plan;
}

Result<std::vector<AppliedFlowRow>> all_applied(StoreReader& reader, AppliedFilter filter) {
  std::vector<AppliedFlowRow> rows;
  filter.limit = kFlowPage;
  for (;;) {
    TRY_ASSIGN(const std::vector<AppliedFlowRow> page, reader.list_applied(filter));
    rows.insert(rows.end(), page.begin(), page.end());
    if (page.size() < kFlowPage) return rows;
    filter.after_ns = page.back().ns;
    filter.after_id = page.back().flow_id;
  }
}

std::string line_of(const PlannedFlow& planned) {
  std::string out = fmt::format("{:<9}  {}  version ", to_string(planned.fate),
                                printable(flow_name(planned.ns, planned.id)));
  if (planned.fate == FlowFate::kChanged) {
    out += fmt::format("{} -> {}", planned.present->version, planned.version);
  } else {
    out += fmt::format("{}", planned.version);
  }
  out += "  " + printable(planned.file);
  if (planned.fate == FlowFate::kMissing) out += "  (no longer in the folder)";
  const bool there = planned.present.has_value() && planned.fate != FlowFate::kRemoved;
  if (there && planned.present->disabled.at != 0) out += "  (disabled)";
  return out;
}

std::string totals_of(const ApplyPlan& plan) {
  std::string out;
  for (const FlowFate fate :
       {FlowFate::kAdded, FlowFate::kChanged, FlowFate::kUnchanged, FlowFate::kRemoved}) {
    const std::size_t count = plan.count(fate);
    if (count > 0) out += fmt::format("{}{} {}", out.empty() ? "" : ", ", count, to_string(fate));
  }
  const std::size_t missing = plan.count(FlowFate::kMissing);
  if (missing > 0) {
    out += fmt::format("{}{} no longer in the folder (--prune removes {})", out.empty() ? "" : ", ",
                       missing, missing == 1 ? "it" : "them");
  }
  return out.empty() ? "no flows" : out;
}

void append_planned(std::string& out, const PlannedFlow& planned) {
  out += "\"flow\":";
  append_json(out, flow_name(planned.ns, planned.id));
  fmt::format_to(std::back_inserter(out), ",\"action\":\"{}\",\"version\":{}",
                 to_string(planned.fate), planned.version);
  if (planned.present.has_value() && planned.fate == FlowFate::kChanged) {
    fmt::format_to(std::back_inserter(out), ",\"from_version\":{}", planned.present->version);
  }
  fmt::format_to(std::back_inserter(out), ",\"hash\":\"{}\",\"file\":",
                 planned.flow != nullptr       ? planned.flow->hash
                 : planned.present.has_value() ? planned.present->hash
                                               : std::string());
  append_json(out, planned.file);
}

}  // namespace cordyna
