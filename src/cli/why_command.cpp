// dyna why: of a run, or of a flow and all its runs, what waits for what.
#include <fmt/format.h>

#include <algorithm>

#include "base/text.hpp"
#include "cerebro/disabled_flows.hpp"
#include "cerebro/explain.hpp"
#include "cerebro/flow_ends.hpp"
#include "cli/commands.hpp"
#include "cli/flow_lookup.hpp"
#include "cli/limits.hpp"
#include "cli/owner_client.hpp"
#include "cli/run_lookup.hpp"
#include "cli/side.hpp"
#include "cli/up_report.hpp"
#include "cli/why_view.hpp"
#include "model/layout.hpp"
#include "schedule/catch_up.hpp"
#include "schedule/schedule.hpp"
#include "service/json.hpp"

namespace cordyna::cli {
namespace {

constexpr std::uint32_t kRunsShown = 50;

/// Whether a path is of the task that was asked about: itself, or one item of it.
bool is_of(std::string_view path, std::string_view task) {
  return task.empty() || path == task || task_in_path(path) == task;
}

/// Of a run that has ended there are only tasks that failed, and those that never ran.
Result<std::vector<WhyLine>> lines_of_ended(StoreReader& reader, const RunRow& run,
                                            const std::string& task, Millis now) {
  std::vector<WhyLine> lines;
  TRY_ASSIGN(const RunSnapshot snapshot, reader.load_run(run.no));
  for (const TaskRow& row : snapshot.tasks) {
    if (!is_of(row.path, task)) continue;
    std::string why;
    std::string owner;
    if (row.error.has_value() && row.state == TaskState::kError) {
      why =
          fmt::format("failed: {}: {}", info(row.error->code).name, printable(row.error->message));
      owner = printable(row.error->owner);
    } else if (row.state == TaskState::kBlocked) {
      why = fmt::format("never ran: '{}' did not complete", printable(row.blocked_by));
    } else if (!task.empty()) {
      why = to_string(row.state);
    } else {
      continue;
    }
    const std::string since =
        row.ended_at > 0 ? format_delay(now - row.ended_at) + " ago" : std::string();
    lines.push_back({printable(row.path), std::move(why), since, std::move(owner)});
  }
  return lines;
}

Result<RunWhy> why_of(const Side& side, RunRow run, Millis now) {
  if (side.remote != nullptr) return side.remote->explain(run);
  RunWhy why{std::move(run)};
  if (is_final(why.run.state)) return why;
  StoreReader& reader = *side.reader;
  TRY_ASSIGN(const engine::Limits limits, limits_for(1, why.run.folder));
  TRY_ASSIGN(why.blockers, explain(reader, why.run.no, flow::from_canonical, limits, now));
  TRY_ASSIGN(why.left, left_runs(side.layout, reader, why.blockers));
  return why;
}

std::string heading(const RunRow& run) {
  return fmt::format("run {} of {}: {}\n", run.no, run.flow_id, to_string(run.state));
}

CommandResult why_of_run(CommandContext& context, const Side& side, RunRow row) {
  StoreReader& reader = *side.reader;
  const std::string& task = context.arguments.task;
  if (!task.empty()) {
    TRY_ASSIGN(const auto flow, load_flow(reader, row));
    TRY(find_task(*flow, task));
  }
  const Millis now = context.parts.clock->now();
  TRY_ASSIGN(RunWhy why, why_of(side, std::move(row), now));
  std::erase_if(why.blockers, [&task](const engine::Blocker& blocker) {
    return !blocker.path.empty() && !is_of(blocker.path, task);
  });
  std::vector<WhyLine> lines = lines_of(why, now);
  if (is_final(why.run.state)) {
    TRY_ASSIGN(lines, lines_of_ended(reader, why.run, task, now));
  }
  if (context.arguments.json) {
    context.output.write(why_as_json(why) + "\n");
    return ExitCode::kOk;
  }
  std::string out = heading(why.run);
  if (!lines.empty()) out += as_table(std::move(lines));
  context.output.write(out);
  return ExitCode::kOk;
}

// ---- of a flow

/// When a trigger of a flow is due next, or why it is not.
struct NextTime {
  std::string trigger;
  Millis at = 0;  ///< 0: never
  std::string why{};
};

/// Who fires a flow's triggers. Empty: an owner of the state does.
std::string nobody_fires(const StateLayout& layout, const Flow& flow) {
  auto owner = OwnerClient::connect(layout);
  if (!owner.has_value()) {
    return fmt::format("no owner of the state runs, so nobody fires it: dyna up {}", flow.folder);
  }
  OwnerRequest request;
  request.op = OwnerOp::kKeeps;
  request.follow = false;
  request.flow_id = flow.id;
  request.ns = flow.ns;
  const auto kept = owner->request(request);
  if (kept.has_value() || kept.error().code != ErrorCode::kNotFound) return {};
  return fmt::format("the owner of the state does not keep the flow's schedules: dyna up {}",
                     flow.folder);
}

/// "when runs of acme/a, acme/b have ended; of acme/a one has"
std::string what_ends(const Side& side, const Flow& flow, const TriggerSpec& spec) {
  const FlowEndsSpec& ends = spec.ends;
  const auto shown = [](const std::string& name) {  // "/load": without a namespace
    return name.substr(name.starts_with('/') ? 1 : 0);
  };
  std::string names;
  for (const std::string& name : ends.flows) names += (names.empty() ? "" : ", ") + shown(name);
  const bool all = ends.need == ends.flows.size();
  std::string out = all ? fmt::format("when runs of {} have ended", names)
                        : fmt::format("when runs of {} of {} have ended", ends.need, names);
  if (ends.flows.size() == 1) out = fmt::format("when a run of {} ends", names);
  if (ends.need == 1 || side.reader == nullptr || side.remote != nullptr) return out;
  const auto known = side.reader->find_position(ends_position(flow.ns, flow.id, spec.id));
  std::string ended;
  for (std::string_view rest = known.has_value() ? std::string_view(*known) : ""; !rest.empty();) {
    const std::string name(rest.substr(0, rest.find(' ')));
    ended += (ended.empty() ? "" : ", ") + shown(name);
    rest.remove_prefix(std::min(rest.find('\n'), rest.size() - 1) + 1);
  }
  return out + (ended.empty() ? "" : fmt::format("; of {} one has", ended));
}

std::string what_comes(const Side& side, const Flow& flow, const TriggerSpec& spec) {
  return spec.type == TriggerType::kFlow ? what_ends(side, flow, spec) : "when an event comes";
}

std::string who_takes_events(const Side& side, const Flow& flow, const TriggerSpec& spec) {
  const StateLayout& layout = side.layout;
  if (OwnerClient::connect(layout).has_value()) return what_comes(side, flow, spec);
  return fmt::format("no owner of the state runs, so nobody takes events: dyna up {}", flow.folder);
}

/// Empty: the flow is enabled, or not applied.
Result<Disabling> disabling_of(const Side& side, const FlowTarget& target) {
  if (side.reader == nullptr) return Disabling();
  auto row = side.reader->find_applied(target.ns, target.id);
  if (!row.has_value() && row.error().code == ErrorCode::kNotFound) return Disabling();
  if (!row.has_value()) return std::unexpected<Error>(std::move(row.error()));
  return row->removed_at == 0 ? row->disabled : Disabling();
}

std::vector<NextTime> times_of_disabled(const Flow& flow) {
  std::vector<NextTime> times;
  times.reserve(flow.triggers.size());
  for (const TriggerSpec& spec : flow.triggers) {
    times.push_back({spec.id, 0, "the flow is disabled"});
  }
  return times;
}

Result<std::vector<NextTime>> next_times(const Side& side, const Flow& flow, Millis now) {
  std::vector<NextTime> times;
  // A server keeps the schedules of all that is applied there.
  const bool kept = flow.triggers.empty() || side.remote != nullptr;
  const std::string nobody = kept ? "" : nobody_fires(side.layout, flow);
  for (const TriggerSpec& spec : flow.triggers) {
    NextTime& next = times.emplace_back(NextTime{spec.id});
    if (spec.disabled) {
      next.why = "the trigger is disabled in the flow";
      continue;
    }
    if (spec.type != TriggerType::kSchedule) {
      next.why = kept ? what_comes(side, flow, spec) : who_takes_events(side, flow, spec);
      continue;
    }
    TRY_ASSIGN(const schedule::Schedule schedule, schedule::Schedule::of(spec));
    const Millis delay = schedule::delay_of(spec, flow.ns, flow.id);
    const auto at = schedule.next(now - delay);
    next.why = at.has_value() ? nobody : "it is never due again";
    if (at.has_value()) next.at = *at + delay;
  }
  return times;
}

std::string as_text(const std::vector<NextTime>& times, Millis now) {
  if (times.empty()) return "next: never by itself: the flow has no triggers\n";
  std::string out;
  for (const NextTime& next : times) {
    out += "next: " + next.trigger;
    if (next.at > 0) {
      out += fmt::format(" at {}, in {}", seconds_text(next.at), format_delay(next.at - now));
    }
    if (!next.why.empty()) out += (next.at > 0 ? ", but " : ": ") + printable(next.why);
    out += '\n';
  }
  return out;
}

std::string as_json(const FlowTarget& target, const Disabling& disabled,
                    const std::vector<RunWhy>& runs, bool more,
                    const std::vector<NextTime>& times) {
  std::string out = "{\"flow\":";
  append_json(out, target.name());
  out += ",\"runs\":[";
  for (const RunWhy& why : runs) out += (&why == runs.data() ? "" : ",") + why_as_json(why);
  out += fmt::format("],\"more\":{},\"next\":[", more);
  for (const NextTime& next : times) {
    out += &next == times.data() ? "{\"trigger\":" : ",{\"trigger\":";
    append_json(out, next.trigger);
    if (next.at > 0) out += fmt::format(",\"at\":\"{}\"", format_timestamp(next.at));
    out += ",\"why\":";
    append_json(out, next.why);
    out += '}';
  }
  out += ']';
  append_disabling(out, disabled);
  return out + "}\n";
}

/// The flow's runs that have not ended, the oldest first. `more`: there are more than are shown.
Result<std::vector<RunWhy>> unfinished_of(const Side& side, const FlowTarget& target, Millis now,
                                          bool& more) {
  RunFilter filter;
  filter.flow_id = target.id;
  filter.ns = target.ns;
  filter.unfinished = true;
  filter.limit = kRunsShown + 1;
  TRY_ASSIGN(std::vector<RunRow> rows, side.reader->list_runs(filter));
  more = rows.size() > kRunsShown;
  if (more) rows.resize(kRunsShown);
  std::vector<RunWhy> runs;
  for (auto row = rows.rbegin(); row != rows.rend(); ++row) {
    TRY_ASSIGN(RunWhy why, why_of(side, std::move(*row), now));
    runs.push_back(std::move(why));
  }
  return runs;
}

/// `side.reader` null: there is no state yet.
CommandResult why_of_flow(CommandContext& context, const Side& side, const FlowTarget& target) {
  const Millis now = context.parts.clock->now();
  bool more = false;
  std::vector<RunWhy> runs;
  if (side.reader != nullptr) {
    TRY_ASSIGN(runs, unfinished_of(side, target, now, more));
  }
  TRY_ASSIGN(const Disabling disabled, disabling_of(side, target));
  std::vector<NextTime> times;
  if (disabled.at != 0) {
    times = times_of_disabled(*target.flow);
  } else {
    TRY_ASSIGN(times, next_times(side, *target.flow, context.parts.clock->wall()));
  }
  if (context.arguments.json) {
    context.output.write(as_json(target, disabled, runs, more, times));
    return ExitCode::kOk;
  }
  std::string out =
      fmt::format("flow {}: {} not ended\n", target.name(),
                  counted(runs.size(), "run") + (runs.size() == 1 ? " has" : " have"));
  if (disabled.at != 0) {
    out += fmt::format("{}; nothing starts runs of it until 'dyna flows enable {}'\n",
                       printable(disabled_text(disabled)), printable(target.name()));
  }
  for (const RunWhy& why : runs) {
    out += "\n" + heading(why.run);
    std::vector<WhyLine> lines = lines_of(why, now);
    if (!lines.empty()) out += as_table(std::move(lines));
  }
  if (more) out += fmt::format("\nand older ones: dyna runs --flow {} --unfinished\n", target.id);
  context.output.write(out + (runs.empty() ? "" : "\n") +
                       as_text(times, context.parts.clock->wall()));
  return ExitCode::kOk;
}

CommandResult why_of_file(CommandContext& context) {
  TRY(refuse_server(context));
  TRY_ASSIGN(const flow::Parsed parsed, parse_and_report(context, context.arguments.run));
  if (parsed.flow == nullptr) return ExitCode::kUsage;
  const FlowTarget target{parsed.flow->ns, parsed.flow->id, parsed.flow};
  const StateLayout layout = state_for_flow(context.choice, parsed.flow->folder);
  auto reader = context.parts.open_reader(layout);
  if (!reader.has_value() && reader.error().code != ErrorCode::kNotFound) {
    return std::unexpected<Error>(reader.error());
  }
  Side side;
  side.layout = layout;
  if (reader.has_value()) side.reader = std::move(*reader);
  return why_of_flow(context, side, target);
}

}  // namespace

CommandResult why_command(CommandContext& context) {
  const Arguments& arguments = context.arguments;
  const bool file = names_flow_file(arguments.run);
  if (file && !arguments.task.empty()) {
    return fail(ErrorCode::kInvalidArgument,
                fmt::format("a task goes with a run: dyna why RUN {}", printable(arguments.task)));
  }
  if (file) return why_of_file(context);
  TRY_ASSIGN(const Side side, side_here(context));
  auto run = find_run(*side.reader, arguments.run);
  if (run.has_value()) return why_of_run(context, side, std::move(*run));
  const bool goes_on =
      run.error().code == ErrorCode::kNotFound || run.error().code == ErrorCode::kInvalidArgument;
  if (!goes_on) return std::unexpected<Error>(run.error());
  // What lies in a folder here says nothing about a server.
  auto target = find_flow(*side.reader, side.remote != nullptr ? "" : folder_of(side.layout),
                          arguments.run, context.parts.plugin_types);
  if (target.has_value()) return why_of_flow(context, side, *target);
  // Of what is neither, the error of the run says more, unless a flow was nearly meant.
  if (target.error().code == ErrorCode::kNotFound && target.error().message.empty()) {
    return std::unexpected<Error>(run.error());
  }
  return std::unexpected<Error>(target.error());
}

}  // namespace cordyna::cli
