// dyna backfill: one run for each time at which a flow was due.
#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <utility>

#include "base/id.hpp"
#include "base/text.hpp"
#include "cli/backfill_session.hpp"
#include "cli/commands.hpp"
#include "cli/list_watch.hpp"
#include "cli/named_flow.hpp"
#include "cli/side.hpp"
#include "cli/up_report.hpp"
#include "client/json_slice.hpp"
#include "client/remote_reader.hpp"
#include "model/run_fields.hpp"
#include "service/backfill_plan.hpp"
#include "service/json.hpp"

namespace cordyna::cli {
namespace {

/// What would become of each time.
struct Fate {
  schedule::Tick time;
  bool left_out = false;
};

Result<std::vector<Fate>> fates_of(const CommandContext& context, const StateLayout& layout,
                                   const Flow& flow, const BackfillPlan& plan) {
  std::vector<Fate> fates;
  fates.reserve(plan.times.size());
  for (const schedule::Tick& time : plan.times) fates.push_back({time, false});
  if (plan.row.newest_first) std::ranges::reverse(fates);
  if (!plan.row.only_missing) return fates;
  auto reader = context.parts.open_reader(layout);
  if (!reader.has_value() && reader.error().code == ErrorCode::kNotFound) return fates;
  if (!reader.has_value()) return std::unexpected<Error>(reader.error());
  for (Fate& fate : fates) {
    TRY_ASSIGN(fate.left_out,
               (*reader)->is_done({flow.ns, flow.id, plan.row.trigger, fate.time.at}));
  }
  return fates;
}

std::string fates_as_json(const Flow& flow, const BackfillPlan& plan,
                          const std::vector<Fate>& fates) {
  std::string out = "{\"flow\":";
  append_json(out, flow.id);
  out += ",\"trigger\":";
  append_json(out, plan.row.trigger);
  out += ",\"timezone\":";
  append_json(out, plan.zone);
  const auto left_out = std::ranges::count_if(fates, &Fate::left_out);
  fmt::format_to(std::back_inserter(out),
                 ",\"from\":\"{}\",\"to\":\"{}\",\"parallel\":{},\"total\":{},\"skipped\":{},"
                 "\"times\":[",
                 format_timestamp(plan.row.begin), format_timestamp(plan.row.end),
                 plan.row.parallel, fates.size(), left_out);
  for (const Fate& fate : fates) {
    fmt::format_to(std::back_inserter(out),
                   "{}{{\"scheduled_for\":\"{}\",\"interval\":{{\"start\":\"{}\",\"end\":\"{}\"}},"
                   "\"action\":\"{}\"}}",
                   &fate == fates.data() ? "" : ",", format_timestamp(fate.time.at),
                   format_timestamp(fate.time.interval_from), format_timestamp(fate.time.at),
                   fate.left_out ? "skip" : "run");
  }
  return out + "]}\n";
}

std::string fates_as_lines(const std::vector<Fate>& fates) {
  std::string out;
  for (const Fate& fate : fates) {
    fmt::format_to(std::back_inserter(out), "{}  from {}  {}\n", seconds_text(fate.time.at),
                   seconds_text(fate.time.interval_from),
                   fate.left_out ? "left out: a run of it ended well" : "runs");
  }
  const auto left_out = static_cast<std::size_t>(std::ranges::count_if(fates, &Fate::left_out));
  return out + fmt::format("{}; {} would run, {} left out\n", counted(fates.size(), "time"),
                           fates.size() - left_out, left_out);
}

BackfillWish wish_of(const Arguments& arguments) {
  return {arguments.from,         arguments.to,       arguments.every,
          arguments.trigger,      arguments.parallel, arguments.only_missing,
          arguments.newest_first, arguments.inputs,   "--"};
}

/// What the API wants to know. Times without an offset are by the clocks of the trigger there.
std::string wish_as_json(const Arguments& arguments) {
  std::string out = "{\"from\":";
  append_json(out, arguments.from);
  out += ",\"to\":";
  append_json(out, arguments.to);
  const auto text = [&out](std::string_view key, const std::string& value) {
    if (value.empty()) return;
    out += fmt::format(",\"{}\":", key);
    append_json(out, value);
  };
  text("trigger", arguments.trigger);
  text("every", arguments.every);
  out += fmt::format(",\"parallel\":{},\"only_missing\":{},\"newest_first\":{},\"dry_run\":{}",
                     arguments.parallel, arguments.only_missing, arguments.newest_first,
                     arguments.dry_run);
  out += ",\"inputs\":[";
  for (const auto& [name, value] : arguments.inputs) {
    out += out.back() == '[' ? "{\"name\":" : ",{\"name\":";
    append_json(out, name);
    out += ",\"value\":";
    append_json(out, value);
    out += '}';
  }
  return out + "]}";
}

/// A server carries it on by itself: `backfill show` tells how far it is.
CommandResult begin_there(CommandContext& context, const GivenFlow& found) {
  const Arguments& arguments = context.arguments;
  client::Write write;
  write.path = client::flow_path(found.ns, found.flow->id) + "/backfills";
  write.body = wish_as_json(arguments);
  write.key = make_uuid7(context.parts.clock->now());
  TRY_ASSIGN(const std::string answer, found.server->send(write));
  TRY_ASSIGN(const client::JsonSlice json, client::JsonSlice::parse(answer));
  if (arguments.dry_run) {
    std::vector<Fate> fates;
    for (const client::JsonSlice& one : json.member("times").items()) {
      fates.push_back({{one.time("scheduled_for"), one.time("from")}, false});
    }
    context.output.write(arguments.json ? answer : fates_as_lines(fates));
    return ExitCode::kOk;
  }
  client::RemoteReader reader(*found.server);
  TRY_ASSIGN(const client::CountedBackfill now,
             reader.find_counted_backfill(json.number("backfill")));
  context.output.write(
      (arguments.json ? backfill_as_json(now.row, now.counts) : line_of(now.row, now.counts)) +
      "\n");
  return ExitCode::kOk;
}

CommandResult begin(CommandContext& context) {
  const Arguments& arguments = context.arguments;
  if (arguments.files.empty()) {
    return fail(
        ErrorCode::kInvalidArgument,
        "a flow is wanted: dyna backfill FILE|NAME --from TIME --to TIME; or one of list, show, "
        "pause, resume, cancel");
  }
  TRY_ASSIGN(GivenFlow found, find_given(context, arguments.files.front()));
  if (found.flow == nullptr) return ExitCode::kUsage;
  if (found.server.has_value()) return begin_there(context, found);
  const Millis now = context.parts.clock->wall();
  OwnerRequest request;
  request.op = OwnerOp::kBackfill;
  request.run = RunId{make_uuid7(now)};
  TRY_ASSIGN(BackfillPlan plan, plan_backfill(wish_of(arguments), *found.flow, now));
  TRY(try_inputs(*found.flow, plan, request.run, now));
  if (arguments.dry_run) {
    TRY_ASSIGN(const std::vector<Fate> fates, fates_of(context, found.layout, *found.flow, plan));
    context.output.write(arguments.json ? fates_as_json(*found.flow, plan, fates)
                                        : fates_as_lines(fates));
    return ExitCode::kOk;
  }
  request.folder = found.flow->folder;
  request.canonical = std::move(found.canonical);
  request.inputs = plan.row.inputs;
  request.backfill = std::move(plan.row);
  Signals signals;  // before any thread
  BackfillSession session(context, found.layout, signals, std::move(found.flow));
  return session.drive(std::move(request));
}

/// A server counts by itself.
Result<std::vector<client::CountedBackfill>> backfills_of(const Side& side, std::uint32_t limit) {
  BackfillFilter filter;
  filter.limit = limit;
  if (side.remote != nullptr) return side.remote->list_counted_backfills(filter);
  TRY_ASSIGN(std::vector<BackfillRow> rows, side.reader->list_backfills(filter));
  std::vector<client::CountedBackfill> found;
  found.reserve(rows.size());
  for (BackfillRow& row : rows) {
    TRY_ASSIGN(const BackfillCounts counts, count_runs(*side.reader, row.no));
    found.push_back({std::move(row), counts});
  }
  return found;
}

Result<client::CountedBackfill> backfill_of(const Side& side, BackfillNo no) {
  if (side.remote != nullptr) return side.remote->find_counted_backfill(no);
  client::CountedBackfill found;
  TRY_ASSIGN(found.row, side.reader->find_backfill(no));
  TRY_ASSIGN(found.counts, count_runs(*side.reader, no));
  return found;
}

ListShown shown_backfills(const std::vector<client::CountedBackfill>& rows) {
  ListShown list;
  list.none = "no backfills";
  for (const auto& [row, counts] : rows) {
    list.lines.push_back(line_of(row, counts));
    list.objects.push_back(backfill_as_json(row, counts));
  }
  return list;
}

CommandResult list(CommandContext& context) {
  TRY_ASSIGN(const Side side, side_here(context));
  if (context.arguments.watch) {
    const auto read = [&]() -> Result<ListShown> {
      TRY_ASSIGN(const auto rows, backfills_of(side, context.arguments.limit));
      return shown_backfills(rows);
    };
    return watch_list(context, side, "backfills", read);
  }
  TRY_ASSIGN(const std::vector<client::CountedBackfill> rows,
             backfills_of(side, context.arguments.limit));
  const bool json = context.arguments.json;
  std::string out;
  for (const auto& [row, counts] : rows) {
    out += (json ? backfill_as_json(row, counts) : line_of(row, counts)) + "\n";
  }
  if (rows.empty() && !json) out = "no backfills\n";
  context.output.write(out);
  return ExitCode::kOk;
}

std::string as_text(const BackfillRow& row, const BackfillCounts& counts,
                    const std::vector<RunRow>& not_well) {
  std::string out = line_of(row, counts) + "\n";
  fmt::format_to(std::back_inserter(out), "  times        {} to {}, {}\n", seconds_text(row.begin),
                 seconds_text(row.end),
                 row.every > 0 ? "each " + format_delay(row.every)
                               : "of trigger '" + printable(row.trigger) + "'");
  fmt::format_to(std::back_inserter(out), "  at a time    {}{}{}\n", row.parallel,
                 row.newest_first ? ", the newest first" : "",
                 row.only_missing ? ", only what is missing" : "");
  for (const RunRow& run : not_well) {
    fmt::format_to(std::back_inserter(out), "  run {} for {}: {}\n", run.no,
                   seconds_text(run.scheduled.at), to_string(run.state));
  }
  return out;
}

CommandResult show(CommandContext& context) {
  constexpr std::uint32_t kNamedMax = 20;
  TRY_ASSIGN(const Side side, side_here(context));
  const BackfillNo no = context.arguments.backfill;
  TRY_ASSIGN(const client::CountedBackfill found, backfill_of(side, no));
  const auto& [row, counts] = found;
  if (context.arguments.json) {
    context.output.write(backfill_as_json(row, counts) + "\n");
    return ExitCode::kOk;
  }
  RunFilter filter;
  filter.backfill = std::to_string(no);
  filter.limit = kNamedMax;
  filter.state = RunState::kError;
  TRY_ASSIGN(const std::vector<RunRow> failed, side.reader->list_runs(filter));
  context.output.write(as_text(row, counts, failed));
  return ExitCode::kOk;
}

/// A server carries its backfills on by itself: it is told, and that is all.
CommandResult steer_there(CommandContext& context, const Side& side) {
  const BackfillNo no = context.arguments.backfill;
  client::Write write{.path = fmt::format("/backfills/{}/steer", no)};
  write.body = fmt::format("{{\"action\":\"{}\"}}", context.arguments.action);
  TRY(side.server->send(write));
  TRY_ASSIGN(const client::CountedBackfill now, side.remote->find_counted_backfill(no));
  context.output.write((context.arguments.json ? backfill_as_json(now.row, now.counts)
                                               : line_of(now.row, now.counts)) +
                       "\n");
  return ExitCode::kOk;
}

CommandResult steer(CommandContext& context, OwnerOp op) {
  TRY_ASSIGN(const std::optional<client::Context> chosen, choose_server(context.words));
  if (chosen.has_value()) {
    TRY_ASSIGN(const Side side, side_here(context));
    return steer_there(context, side);
  }
  TRY_ASSIGN(const StateLayout layout, state_here(context));
  OwnerRequest request;
  request.op = op;
  request.of = context.arguments.backfill;
  {
    // Before anybody becomes an owner for it.
    TRY_ASSIGN(const std::unique_ptr<StoreReader> reader, context.parts.open_reader(layout));
    TRY_ASSIGN(const BackfillRow row, reader->find_backfill(request.of));
    const bool again = op == OwnerOp::kBackfillCancel && row.state == BackfillState::kCancelled;
    if (is_final(row.state) && !again) {
      return fail(ErrorCode::kConflict,
                  fmt::format("backfill {} has ended: {}", row.no, to_string(row.state)));
    }
  }
  Signals signals;  // before any thread
  BackfillSession session(context, layout, signals, nullptr);
  return session.drive(std::move(request));
}

}  // namespace

CommandResult backfill_command(CommandContext& context) {
  const std::string& action = context.arguments.action;
  if (action == "list") return list(context);
  if (action == "show") return show(context);
  if (action == "pause") return steer(context, OwnerOp::kBackfillPause);
  if (action == "resume") return steer(context, OwnerOp::kBackfillResume);
  if (action == "cancel") return steer(context, OwnerOp::kBackfillCancel);
  return begin(context);
}

}  // namespace cordyna::cli
