// dyna triggers: what starts runs of flows by itself, and how each of them fares.
#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <utility>
#include <vector>

#include "base/text.hpp"
#include "cli/commands.hpp"
#include "cli/list_watch.hpp"
#include "cli/side.hpp"
#include "cli/table.hpp"
#include "service/apply_plan.hpp"
#include "service/trigger_list.hpp"

namespace cordyna::cli {
namespace {

constexpr const char* kNone = "no triggers";

Result<std::vector<ListedTrigger>> read_here(StoreReader& reader, const AppliedFilter& filter,
                                             Millis now) {
  TRY_ASSIGN(const std::vector<AppliedFlowRow> rows, all_applied(reader, filter));
  TRY_ASSIGN(const std::vector<OpenEvents> open, reader.count_open_events(kOpenCounted));
  std::vector<ListedTrigger> triggers;
  for (const AppliedFlowRow& row : rows) {
    TRY_ASSIGN(const FlowVersionRow version, reader.find_flow(row.hash));
    const auto flow = flow::from_canonical(version.canonical, row.folder);
    if (!flow.has_value()) continue;  // of another program; `dyna flows` says so
    TRY_ASSIGN(std::vector<ListedTrigger> own, triggers_of(reader, row, **flow, open, now));
    std::ranges::move(own, std::back_inserter(triggers));
  }
  return triggers;
}

Result<std::vector<ListedTrigger>> read_list(const CommandContext& context, const Side& side) {
  const Arguments& arguments = context.arguments;
  AppliedFilter filter;
  filter.ns = arguments.ns;
  filter.flow_id = arguments.flow_id;
  if (const std::size_t slash = filter.flow_id.find('/'); slash != std::string::npos) {
    filter.ns = filter.flow_id.substr(0, slash);
    filter.flow_id.erase(0, slash + 1);
  }
  std::vector<ListedTrigger> triggers;
  if (side.remote != nullptr) {
    TRY_ASSIGN(triggers, side.remote->list_triggers(filter));
  } else {
    TRY_ASSIGN(triggers, read_here(*side.reader, filter, context.parts.clock->wall()));
  }
  std::erase_if(triggers, [&arguments](const ListedTrigger& one) {
    return (!arguments.trigger_type.empty() && one.type != arguments.trigger_type) ||
           (!arguments.trigger.empty() && one.trigger != arguments.trigger);
  });
  return triggers;
}

std::string state_of(const ListedTrigger& one) {
  if (one.flow_disabled) return "flow disabled";
  return one.disabled ? "disabled" : "enabled";
}

std::string last_of(const ListedTrigger& one) {
  if (one.last_at == 0) return "-";
  std::string out = seconds_text(one.last_at);
  if (one.last_run > 0) return out + fmt::format(" run {}", one.last_run);
  if (one.last_event > 0) return out + fmt::format(" event {}", one.last_event);
  return out + " " + printable(one.last);
}

std::string as_table(const std::vector<ListedTrigger>& triggers) {
  std::vector<std::vector<std::string>> rows{
      {"FLOW", "TRIGGER", "TYPE", "STATE", "NEXT OR PATH", "LAST", "WAITING", "DEAD"}};
  for (const ListedTrigger& one : triggers) {
    std::string next = printable(one.path);
    if (one.path.empty()) next = one.next > 0 ? seconds_text(one.next) : "-";
    const bool counts = one.has_events();
    rows.push_back({printable(flow_name(one.ns, one.flow_id)), printable(one.trigger), one.type,
                    state_of(one), std::move(next), last_of(one),
                    counts ? std::to_string(one.pending) : "-",
                    counts ? std::to_string(one.dead) : "-"});
  }
  return as_columns(rows);
}

std::vector<std::string> as_objects(const std::vector<ListedTrigger>& triggers) {
  std::vector<std::string> objects;
  objects.reserve(triggers.size());
  for (const ListedTrigger& one : triggers) append_trigger(objects.emplace_back(), one);
  return objects;
}

}  // namespace

CommandResult triggers_command(CommandContext& context) {
  TRY_ASSIGN(const Side side, side_here(context));
  if (context.arguments.watch) {
    const auto read = [&]() -> Result<ListShown> {
      TRY_ASSIGN(const std::vector<ListedTrigger> triggers, read_list(context, side));
      return list_shown(as_table(triggers), as_objects(triggers), kNone);
    };
    return watch_list(context, side, "triggers", read);
  }
  TRY_ASSIGN(const std::vector<ListedTrigger> triggers, read_list(context, side));
  if (context.arguments.json) {
    context.output.write(fmt::format("[{}]\n", fmt::join(as_objects(triggers), ",\n ")));
  } else {
    context.output.write(triggers.empty() ? std::string(kNone) + "\n" : as_table(triggers));
  }
  return ExitCode::kOk;
}

}  // namespace cordyna::cli
