#include "cli/up_folder.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <utility>

#include "base/text.hpp"
#include "cli/apply_session.hpp"
#include "flow/project_folder.hpp"

namespace cordyna::cli {
namespace {

constexpr Millis kSettle = 100;
// A folder that never rests is read all the same.
constexpr Millis kSettleMax = 2000;
constexpr int kTriesMax = 50;

}  // namespace

Result<UpFolder> UpFolder::open(const CommandContext& context, const std::string& folder) {
  UpFolder opened(context, folder);
  if (context.arguments.watch) {
    // Before it is read: what changes meanwhile is not missed.
    std::error_code error;
    const std::string whole = std::filesystem::canonical(folder, error).string();
    if (error) return fail(ErrorCode::kNotFound, fmt::format("{}: {}", folder, error.message()));
    TRY_ASSIGN(FolderWatch watch, FolderWatch::start(whole));
    const std::string project = flow::project_folder(whole);
    if (project != whole) TRY(watch.also(project));  // defaults.yaml lies there
    opened.watch_.emplace(std::move(watch));
  }
  TRY(opened.read());
  if (opened.found_.flows.empty() && !context.arguments.watch) {
    return fail(ErrorCode::kInvalidArgument,
                fmt::format("{}: no flow in it or below it; a flow is a *.yaml with 'tasks'",
                            printable(folder)));
  }
  return opened;
}

Result<> UpFolder::read() {
  TRY_ASSIGN(found_,
             load_flows(
                 folder_, [](const std::string& finding) { print_hint(printable(finding)); },
                 context_.parts.plugin_types));
  if (found_.refused > 0) {
    print_error(
        fmt::format("{}: {} left out", printable(folder_), counted(found_.refused, "file")));
  }
  return {};
}

Result<> UpFolder::apply(const StateLayout& layout, Ownership& ownership) {
  for (int tries = 0;; ++tries) {
    TRY_ASSIGN(const std::vector<AppliedFlowRow> present, applied_in(context_, layout));
    ApplyPlan plan = plan_apply(present, found_, context_.arguments.prune);
    // All at once: rather a disk that went away, or a clone that begins, than a wish.
    const std::size_t gone = plan.count(FlowFate::kRemoved);
    if (found_.flows.empty() && gone > 1) {
      print_hint(
          fmt::format("{}: all {} flows are gone at once, and stay applied; if that is meant, "
                      "'dyna flows remove' or 'dyna apply --prune' ends them",
                      printable(folder_), gone));
      plan = plan_apply(present, found_, false);
    }
    leave_out(plan);
    std::vector<FlowChange> changes = plan.changes();
    if (!changes.empty()) {
      const auto done = ownership.apply(std::move(changes));
      // Somebody else's apply came in between.
      const bool again = !done.has_value() && done.error().code == ErrorCode::kConflict;
      if (again && tries < kTriesMax) continue;
      if (!done.has_value()) return std::unexpected<Error>(done.error());
    }
    std::set<std::string> missing;
    for (const PlannedFlow& planned : plan.flows) {
      if (planned.fate != FlowFate::kMissing) continue;
      const std::string name = flow_name(planned.ns, planned.id);
      missing.insert(name);
      if (told_missing_.contains(name)) continue;
      print_hint(
          fmt::format("{}: no longer in the folder, and still applied; --prune or "
                      "'dyna flows remove {}' ends that",
                      printable(name), printable(name)));
    }
    told_missing_ = std::move(missing);
    return {};
  }
}

void UpFolder::leave_out(ApplyPlan& plan) {
  if (!others_) return;
  std::erase_if(plan.flows, [this](const PlannedFlow& planned) {
    const Result<> free = others_(planned.ns, planned.id);
    if (free.has_value()) return false;
    if (told_left_.insert(flow_name(planned.ns, planned.id)).second) {
      print_hint(printable(fmt::format("{}: not applied: {}", planned.file, free.error().message)));
    }
    return true;
  });
}

Result<> UpFolder::look(Millis now) {
  if (!watch_.has_value()) return {};
  TRY_ASSIGN(const bool changed, watch_->take_changes());
  if (!changed) return {};
  if (first_change_ == 0) first_change_ = now;
  last_change_ = now;
  return {};
}

Millis UpFolder::settles_at() const {
  if (first_change_ == 0) return 0;
  return std::min(last_change_ + kSettle, first_change_ + kSettleMax);
}

Result<> UpFolder::reload(const StateLayout& layout, Ownership& ownership) {
  first_change_ = last_change_ = 0;
  const auto done = read();
  if (!done.has_value()) {
    print_error(fmt::format("{}; its flows stay as they were applied last", done.error().message));
    return {};
  }
  return apply(layout, ownership);
}

}  // namespace cordyna::cli
