// dyna plan: what an apply would change, and whom it touches.
#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <utility>

#include "base/text.hpp"
#include "cli/apply_remote.hpp"
#include "cli/apply_session.hpp"
#include "cli/commands.hpp"
#include "cli/flows_of_paths.hpp"
#include "cli/palette.hpp"
#include "cli/plan_view.hpp"
#include "service/flow_diff.hpp"

namespace cordyna::cli {
namespace {

constexpr std::uint32_t kUnfinishedPage = 500;

/// Runs of a flow that have not ended, the oldest first.
Result<std::vector<RunRow>> unfinished_runs(StoreReader& reader, const PlannedFlow& planned) {
  std::vector<RunRow> found;
  RunFilter filter;
  filter.flow_id = planned.id;
  filter.ns = planned.ns;
  filter.unfinished = true;
  filter.limit = kUnfinishedPage;
  for (;;) {
    TRY_ASSIGN(const std::vector<RunRow> page, reader.list_runs(filter));
    std::ranges::copy(page, std::back_inserter(found));
    if (page.size() < kUnfinishedPage) break;
    filter.before = page.back().no;
  }
  std::ranges::reverse(found);
  return found;
}

Result<std::vector<BackfillNo>> unfinished_backfills(StoreReader& reader,
                                                     const PlannedFlow& planned) {
  TRY_ASSIGN(const std::vector<BackfillRow> rows,
             reader.list_backfills({.unfinished = true, .limit = kUnfinishedPage}));
  std::vector<BackfillNo> found;
  for (const BackfillRow& row : rows) {
    if (row.ns == planned.ns && row.flow_id == planned.id) found.push_back(row.no);
  }
  std::ranges::reverse(found);
  return found;
}

/// Whatever is touched is in a state that is there.
Result<PlanDetail> detail_of(StoreReader* reader, const PlannedFlow& planned, Millis now) {
  PlanDetail detail;
  const bool was_there = planned.present.has_value() && planned.present->removed_at == 0;
  std::string before;
  std::shared_ptr<const Flow> old;
  if (was_there && reader != nullptr) {
    TRY_ASSIGN(FlowVersionRow version, reader->find_flow(planned.present->hash));
    before = std::move(version.canonical);
    auto loaded = flow::from_canonical(before, planned.present->folder);
    // One of another version of dyna may not be readable; its text can be compared all the same.
    if (loaded.has_value()) old = std::move(*loaded);
    TRY_ASSIGN(detail.runs, unfinished_runs(*reader, planned));
    TRY_ASSIGN(detail.backfills, unfinished_backfills(*reader, planned));
  }
  TRY_ASSIGN(detail.diff, diff_flows(before, planned.canonical));
  if (planned.fate == FlowFate::kChanged && planned.present->folder != planned.flow->folder) {
    detail.old_folder = planned.present->folder;
  }
  detail.times = changed_times(old.get(), planned.flow.get(), now);
  return detail;
}

/// `reader` null: there is no state yet.
Result<Side> side_to_plan_for(const CommandContext& context) {
  TRY_ASSIGN(const std::optional<client::Context> chosen, choose_server(context.words));
  if (chosen.has_value()) return side_here(context);
  Side side;
  TRY_ASSIGN(side.layout, state_of_paths(context, context.arguments.files));
  auto opened = context.parts.open_reader(side.layout);
  if (opened.has_value()) {
    side.reader = std::move(*opened);
  } else if (opened.error().code != ErrorCode::kNotFound) {
    return std::unexpected<Error>(std::move(opened.error()));
  }
  return side;
}

Result<ApplyPlan> plan_for(const Side& side, const FlowFolder& found, bool prune) {
  TRY(refuse_prune_at_server(side, prune));
  if (side.server.has_value()) return plan_for_server(side, found);
  std::vector<AppliedFlowRow> present;
  if (side.reader != nullptr) {
    AppliedFilter filter;
    filter.removed = true;
    TRY_ASSIGN(present, all_applied(*side.reader, filter));
  }
  return plan_apply(present, found, prune);
}

}  // namespace

CommandResult plan_command(CommandContext& context) {
  const Arguments& arguments = context.arguments;
  TRY_ASSIGN(const Side side, side_to_plan_for(context));
  StoreReader* const reader = side.reader.get();
  TRY_ASSIGN(const FlowFolder found, flows_of_paths(context, arguments.files));
  TRY(refuse_wrong_files(found));
  TRY_ASSIGN(const ApplyPlan plan, plan_for(side, found, arguments.prune));
  if (plan.flows.empty()) {
    return fail(ErrorCode::kInvalidArgument,
                fmt::format("{}: no flow in it or below it; a flow is a *.yaml with 'tasks'",
                            printable(arguments.files.front())));
  }
  const Millis now = context.parts.clock->wall();
  std::vector<PlanDetail> details;
  details.reserve(plan.flows.size());
  for (const PlannedFlow& planned : plan.flows) {
    const bool is_told = planned.fate != FlowFate::kUnchanged && planned.fate != FlowFate::kMissing;
    PlanDetail detail;
    if (is_told) {
      TRY_ASSIGN(detail, detail_of(reader, planned, now));
    }
    details.push_back(std::move(detail));
  }
  context.output.write(arguments.json
                           ? plan_as_json(plan, details)
                           : plan_as_text(plan, details, Palette(wants_colour(context.output))));
  // As `git diff --exit-code`: 1 stands for changes, and no error of a plan has this code.
  return arguments.exit_code && plan.changes_flows() ? ExitCode::kRunError : ExitCode::kOk;
}

}  // namespace cordyna::cli
