// dyna flows: the flows that a state knows by name, and their versions.
#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <map>
#include <optional>
#include <utility>

#include "base/text.hpp"
#include "cerebro/disabled_flows.hpp"
#include "cli/apply_session.hpp"
#include "cli/commands.hpp"
#include "cli/list_watch.hpp"
#include "cli/named_flow.hpp"
#include "cli/owner_request.hpp"
#include "cli/palette.hpp"
#include "cli/plan_view.hpp"
#include "cli/side.hpp"
#include "cli/up_report.hpp"
#include "service/flow_diff.hpp"
#include "service/json.hpp"

namespace cordyna::cli {
namespace {

constexpr std::uint32_t kPage = 500;

struct ListedFlow {
  AppliedFlowRow row;
  std::optional<RunRow> last;
  Millis next = 0;
};

/// The newest run of a flow.
Result<std::optional<RunRow>> last_run(StoreReader& reader, const AppliedFlowRow& row) {
  RunFilter filter;
  filter.flow_id = row.flow_id;
  filter.ns = row.ns;
  filter.limit = 1;
  TRY_ASSIGN(std::vector<RunRow> runs, reader.list_runs(filter));
  if (runs.empty()) return std::optional<RunRow>();
  return std::optional(std::move(runs.front()));
}

std::string as_object(const ListedFlow& one) {
  std::string out = "{\"flow\":";
  append_json(out, flow_name(one.row.ns, one.row.flow_id));
  out += ",\"namespace\":";
  append_json(out, one.row.ns);
  out += ",\"id\":";
  append_json(out, one.row.flow_id);
  fmt::format_to(std::back_inserter(out), ",\"version\":{},\"hash\":\"{}\",\"applied_at\":\"{}\"",
                 one.row.version, one.row.hash, format_timestamp(one.row.applied_at));
  out += ",\"file\":";
  append_json(out, one.row.file);
  append_disabling(out, one.row.disabled);
  if (one.last.has_value()) {
    fmt::format_to(std::back_inserter(out), ",\"last_run\":{{\"run\":{},\"state\":\"{}\"}}",
                   one.last->no, to_string(one.last->state));
  }
  if (one.next > 0) out += fmt::format(",\"next\":\"{}\"", seconds_text(one.next));
  return out + '}';
}

std::string list_as_json(const std::vector<ListedFlow>& flows) {
  std::string out = "[";
  for (const ListedFlow& one : flows) out += (&one == flows.data() ? "" : ",\n ") + as_object(one);
  return out + "]\n";
}

std::string next_text(const ListedFlow& one) {
  if (one.row.disabled.at != 0) return "disabled";
  return one.next > 0 ? seconds_text(one.next) : "-";
}

std::string list_as_table(const std::vector<ListedFlow>& flows, const Palette& palette) {
  if (flows.empty()) return "no flows\n";
  std::size_t width = 4;
  for (const ListedFlow& one : flows) {
    width = std::max(width, display_width(flow_name(one.row.ns, one.row.flow_id)));
  }
  std::string out = fmt::format("{}  {:>7}  {:<20}  {:<18}  {}\n", pad("FLOW", width), "VERSION",
                                "APPLIED", "LAST RUN", "NEXT");
  for (const ListedFlow& one : flows) {
    std::string last = fmt::format("{:<18}", "-");
    if (one.last.has_value()) {
      last = palette.paint(
          colour_of(one.last->state),
          fmt::format("{:<18}", fmt::format("{} {}", one.last->no, to_string(one.last->state))));
    }
    out += fmt::format("{}  {:>7}  {:<20}  {}  {}\n",
                       pad(printable(flow_name(one.row.ns, one.row.flow_id)), width),
                       one.row.version, seconds_text(one.row.applied_at), last, next_text(one));
  }
  return out;
}

/// One name a line; nothing where there is no state: for shells that complete words.
CommandResult print_names(CommandContext& context) {
  const auto side = side_here(context);
  if (!side.has_value()) return ExitCode::kOk;
  TRY_ASSIGN(const std::vector<AppliedFlowRow> rows, all_applied(*side->reader, {}));
  std::string out;
  for (const AppliedFlowRow& row : rows) out += flow_name(row.ns, row.flow_id) + "\n";
  context.output.write(out);
  return ExitCode::kOk;
}

Result<std::vector<ListedFlow>> read_list(const CommandContext& context, const Side& side) {
  StoreReader& reader = *side.reader;
  AppliedFilter filter;
  filter.ns = context.arguments.ns;
  TRY_ASSIGN(std::vector<AppliedFlowRow> rows, all_applied(reader, filter));
  const Millis now = context.parts.clock->wall();
  std::vector<ListedFlow> flows;
  flows.reserve(rows.size());
  for (AppliedFlowRow& row : rows) {
    ListedFlow one;
    TRY_ASSIGN(one.last, last_run(reader, row));
    TRY_ASSIGN(const FlowVersionRow version, reader.find_flow(row.hash));
    const auto flow = flow::from_canonical(version.canonical, row.folder);
    const bool enabled = row.disabled.at == 0;
    if (flow.has_value() && enabled) one.next = next_time(**flow, now);
    one.row = std::move(row);
    flows.push_back(std::move(one));
  }
  return flows;
}

CommandResult list(CommandContext& context) {
  if (context.arguments.names) return print_names(context);
  TRY_ASSIGN(const Side side, side_here(context));
  const Palette palette(wants_colour(context.output));
  if (context.arguments.watch) {
    const auto read = [&]() -> Result<ListShown> {
      TRY_ASSIGN(const std::vector<ListedFlow> flows, read_list(context, side));
      std::vector<std::string> objects;
      objects.reserve(flows.size());
      for (const ListedFlow& one : flows) objects.push_back(as_object(one));
      return list_shown(list_as_table(flows, palette), std::move(objects), "no flows");
    };
    return watch_list(context, side, "flows", read);
  }
  TRY_ASSIGN(const std::vector<ListedFlow> flows, read_list(context, side));
  context.output.write(context.arguments.json ? list_as_json(flows)
                                              : list_as_table(flows, palette));
  return ExitCode::kOk;
}

/// Newest first.
Result<std::vector<AppliedVersionRow>> all_versions(StoreReader& reader,
                                                    const AppliedFlowRow& row) {
  std::vector<AppliedVersionRow> found;
  VersionFilter filter{row.ns, row.flow_id, 0, kPage};
  for (;;) {
    TRY_ASSIGN(const std::vector<AppliedVersionRow> page, reader.list_versions(filter));
    found.insert(found.end(), page.begin(), page.end());
    if (page.size() < kPage) return found;
    filter.before = page.back().version;
  }
}

Result<AppliedVersionRow> find_version(const std::vector<AppliedVersionRow>& versions,
                                       std::int64_t number, const std::string& name) {
  const auto found = std::ranges::find(versions, number, &AppliedVersionRow::version);
  if (found != versions.end()) return *found;
  return fail(ErrorCode::kNotFound,
              fmt::format("flow '{}' has no version {}: it has 1 to {}", printable(name), number,
                          versions.empty() ? 0 : versions.front().version));
}

/// A flow that was removed is found too: its versions and runs are kept.
Result<AppliedFlowRow> find_also_removed(StoreReader& reader, const std::string& name) {
  auto found = find_by_name(reader, name);
  if (found.has_value() || found.error().code != ErrorCode::kNotFound) return found;
  AppliedFilter filter;
  filter.removed = true;
  TRY_ASSIGN(const std::vector<AppliedFlowRow> rows, all_applied(reader, filter));
  for (const AppliedFlowRow& row : rows) {
    if (flow_name(row.ns, row.flow_id) == name || row.flow_id == name) return row;
  }
  return found;
}

struct ShownFlow {
  AppliedFlowRow row;
  std::vector<AppliedVersionRow> versions;
  std::map<std::string, std::int64_t> runs;  // hash → how many
  AppliedVersionRow shown;
  std::string canonical;

  [[nodiscard]] std::int64_t runs_of(const std::string& hash) const {
    const auto found = runs.find(hash);
    return found == runs.end() ? 0 : found->second;
  }
};

std::string show_as_json(const ShownFlow& flow) {
  std::string out = "{\"flow\":";
  append_json(out, flow_name(flow.row.ns, flow.row.flow_id));
  fmt::format_to(std::back_inserter(out), ",\"version\":{}", flow.shown.version);
  if (flow.row.removed_at > 0) {
    out += fmt::format(",\"removed_at\":\"{}\"", format_timestamp(flow.row.removed_at));
  }
  append_disabling(out, flow.row.disabled);
  out += ",\"versions\":[";
  for (const AppliedVersionRow& version : flow.versions) {
    fmt::format_to(std::back_inserter(out),
                   "{}{{\"version\":{},\"hash\":\"{}\",\"applied_at\":\"{}\",\"runs\":{},\"file\":",
                   &version == flow.versions.data() ? "" : ",", version.version, version.hash,
                   format_timestamp(version.applied_at), flow.runs_of(version.hash));
    append_json(out, version.file);
    out += '}';
  }
  return out + "],\"canonical\":" + flow.canonical + "}\n";
}

Result<std::string> show_as_text(const ShownFlow& flow, const Palette& palette) {
  std::string out = palette.paint(
      Colour::kBold, printable(flow_name(flow.row.ns, flow.row.flow_id)) +
                         (flow.row.removed_at > 0 ? "  removed " + seconds_text(flow.row.removed_at)
                                                  : std::string()));
  out += "\n";
  if (flow.row.disabled.at != 0) out += printable(disabled_text(flow.row.disabled)) + "\n";
  for (const AppliedVersionRow& version : flow.versions) {
    out += fmt::format("{} version {}  applied {}  {}  {}  {}\n",
                       version.version == flow.row.version ? "*" : " ", version.version,
                       seconds_text(version.applied_at),
                       counted(static_cast<std::size_t>(flow.runs_of(version.hash)), "run"),
                       version.hash.substr(0, 12), printable(version.file));
  }
  TRY_ASSIGN(const std::string text, readable(flow.canonical));
  out += fmt::format("\n# version {}, with all that defaults.yaml and files gave to it\n",
                     flow.shown.version);
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t end = std::min(text.find('\n', at), text.size());
    out += printable(std::string_view(text).substr(at, end - at)) + "\n";
    at = end + 1;
  }
  return out;
}

CommandResult show(CommandContext& context) {
  const Arguments& arguments = context.arguments;
  TRY_ASSIGN(const Side side, side_here(context));
  StoreReader& reader = *side.reader;
  ShownFlow flow;
  TRY_ASSIGN(flow.row, find_also_removed(reader, arguments.flow_id));
  TRY_ASSIGN(flow.versions, all_versions(reader, flow.row));
  TRY_ASSIGN(const std::vector<HashRuns> counts, reader.count_runs(flow.row.ns, flow.row.flow_id));
  for (const HashRuns& one : counts) flow.runs[one.hash] = one.runs;
  TRY_ASSIGN(flow.shown, find_version(flow.versions,
                                      arguments.version > 0 ? arguments.version : flow.row.version,
                                      arguments.flow_id));
  TRY_ASSIGN(FlowVersionRow stored, reader.find_flow(flow.shown.hash));
  flow.canonical = std::move(stored.canonical);
  if (arguments.json) {
    context.output.write(show_as_json(flow));
    return ExitCode::kOk;
  }
  TRY_ASSIGN(const std::string text, show_as_text(flow, Palette(wants_colour(context.output))));
  context.output.write(text);
  return ExitCode::kOk;
}

CommandResult diff(CommandContext& context) {
  const Arguments& arguments = context.arguments;
  TRY_ASSIGN(const Side side, side_here(context));
  StoreReader& reader = *side.reader;
  TRY_ASSIGN(const AppliedFlowRow row, find_also_removed(reader, arguments.flow_id));
  TRY_ASSIGN(const std::vector<AppliedVersionRow> versions, all_versions(reader, row));
  const std::int64_t to_no = arguments.to_version > 0 ? arguments.to_version : row.version;
  const std::int64_t from_no = arguments.from_version > 0 ? arguments.from_version : to_no - 1;
  if (from_no < 1) {
    return fail(ErrorCode::kInvalidArgument,
                fmt::format("flow '{}' has nothing before version {}; --from N names another",
                            printable(arguments.flow_id), to_no));
  }
  TRY_ASSIGN(const AppliedVersionRow from, find_version(versions, from_no, arguments.flow_id));
  TRY_ASSIGN(const AppliedVersionRow to, find_version(versions, to_no, arguments.flow_id));
  TRY_ASSIGN(const FlowVersionRow before, reader.find_flow(from.hash));
  TRY_ASSIGN(const FlowVersionRow after, reader.find_flow(to.hash));
  TRY_ASSIGN(const FlowDiff found, diff_flows(before.canonical, after.canonical));
  const std::string name = flow_name(row.ns, row.flow_id);
  std::string out;
  if (arguments.json) {
    out = "{\"flow\":";
    append_json(out, name);
    out += fmt::format(",\"from\":{},\"to\":{},", from_no, to_no);
    append_diff(out, found);
    out += "}\n";
  } else {
    out = diff_as_text(found.lines, fmt::format("{} version {}", name, from_no),
                       fmt::format("{} version {}", name, to_no),
                       Palette(wants_colour(context.output)));
    if (from.folder != to.folder) {
      out += fmt::format("folder: {} -> {}\n", printable(from.folder), printable(to.folder));
    }
    if (out.empty()) out = fmt::format("versions {} and {} are the same\n", from_no, to_no);
  }
  context.output.write(out);
  return ExitCode::kOk;
}

PlannedFlow removal_of(const AppliedFlowRow& row) {
  PlannedFlow planned;
  planned.ns = row.ns;
  planned.id = row.flow_id;
  planned.fate = FlowFate::kRemoved;
  planned.version = row.version;
  planned.file = row.file;
  planned.present = row;
  return planned;
}

Result<PlannedFlow> remove_there(const Side& side, const std::string& name) {
  TRY_ASSIGN(const AppliedFlowRow row, find_by_name(*side.reader, name));
  TRY(side.server->send({.method = "DELETE", .path = client::flow_path(row.ns, row.flow_id)}));
  return removal_of(row);
}

Result<PlannedFlow> remove_here(CommandContext& context, const std::string& name) {
  TRY_ASSIGN(const StateLayout layout, state_here(context));
  const auto planner = [&](const std::vector<AppliedFlowRow>&) -> Result<ApplyPlan> {
    TRY_ASSIGN(const std::unique_ptr<StoreReader> reader, context.parts.open_reader(layout));
    TRY_ASSIGN(const AppliedFlowRow row, find_by_name(*reader, name));
    ApplyPlan plan;
    plan.flows.push_back(removal_of(row));
    return plan;
  };
  TRY_ASSIGN(ApplyPlan plan, apply_planned(context, layout, planner));
  return std::move(plan.flows.front());
}

CommandResult remove(CommandContext& context) {
  const std::string& name = context.arguments.flow_id;
  TRY_ASSIGN(const std::optional<client::Context> chosen, choose_server(context.words));
  PlannedFlow removed;
  if (chosen.has_value()) {
    TRY_ASSIGN(const Side side, side_here(context));
    TRY_ASSIGN(removed, remove_there(side, name));
  } else {
    TRY_ASSIGN(removed, remove_here(context, name));
  }
  if (context.arguments.json) {
    std::string out = "{";
    append_planned(out, removed);
    context.output.write(out + "}\n");
  } else {
    context.output.write(line_of(removed) + "; its versions and runs are kept\n");
  }
  return ExitCode::kOk;
}

/// Where it is so already, nothing is changed, but for the reason.
CommandResult turn(CommandContext& context, bool enable) {
  const std::string& reason = context.arguments.note;
  TRY_ASSIGN(const Side side, side_here(context));
  TRY_ASSIGN(const AppliedFlowRow row, find_by_name(*side.reader, context.arguments.flow_id));
  const FlowSwitch what{row.ns, row.flow_id, enable, user_name(), reason};
  const bool same = enable == (row.disabled.at == 0);
  if (side.server.has_value()) {
    TRY(side.server->send({.method = "PATCH",
                           .path = client::flow_path(row.ns, row.flow_id),
                           .body = as_json(what)}));
  } else {
    OwnerRequest request;
    request.op = enable ? OwnerOp::kFlowEnable : OwnerOp::kFlowDisable;
    request.follow = false;
    request.ns = what.ns;
    request.flow_id = what.flow_id;
    request.by = what.by;
    request.note = what.reason;
    TRY(carry_out_at_last(context, side.layout, request));
  }
  const std::string name = flow_name(row.ns, row.flow_id);
  if (context.arguments.json) {
    std::string out = "{\"flow\":";
    append_json(out, name);
    context.output.write(out + ',' + as_json(what).substr(1) + '\n');
  } else if (enable) {
    context.output.write(fmt::format(
        "flow {} is enabled{}\n", printable(name),
        same ? " already" : "; schedules go on, and what they missed is up to their 'catch_up'"));
  } else {
    context.output.write(
        fmt::format("flow {} is disabled{}: nothing starts runs of it; those that run go on\n",
                    printable(name), same ? " already" : ""));
  }
  return ExitCode::kOk;
}

}  // namespace

CommandResult flows_command(CommandContext& context) {
  const std::string& action = context.arguments.action;
  if (action == "show") return show(context);
  if (action == "diff") return diff(context);
  if (action == "remove") return remove(context);
  if (action == "disable" || action == "enable") return turn(context, action == "enable");
  return list(context);
}

}  // namespace cordyna::cli
