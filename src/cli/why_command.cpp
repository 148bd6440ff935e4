#include <fmt/format.h>

#include <algorithm>
#include <iterator>

#include "cerebro/explain.hpp"
#include "cli/commands.hpp"
#include "cli/palette.hpp"
#include "cli/run_lookup.hpp"
#include "cli/text.hpp"
#include "model/layout.hpp"

namespace cordyna::cli {
namespace {

using engine::Blocker;
using engine::BlockerKind;

std::string reason(const Blocker& blocker, Millis now) {
  const std::string what = printable(blocker.what);
  switch (blocker.kind) {
    case BlockerKind::kUpstream: return fmt::format("waits for '{}', which has not ended", what);
    case BlockerKind::kSection:
      return what.empty() ? "waits for the main tasks to end" : "waits for " + what;
    case BlockerKind::kSlot: return "waits for a slot: all are taken";
    case BlockerKind::kRetryAt:
      return blocker.until > now
                 ? fmt::format("between attempts, next in {}", format_delay(blocker.until - now))
                 : "between attempts, next one is due";
    case BlockerKind::kPreviousAttempt: return "its attempt before is not yet known to have ended";
    case BlockerKind::kRunning: return fmt::format("nothing: it runs ({})", what);
    case BlockerKind::kBlocked: return fmt::format("never runs: '{}' did not complete", what);
    case BlockerKind::kPaused: {
      const std::string held = "held, waits for dyna approve or reject: " + what;
      return blocker.until == 0
                 ? held
                 : fmt::format("{}; {} left", held, format_delay(blocker.until - now));
    }
    case BlockerKind::kTime:
      return fmt::format("waits until {}, {} left", format_timestamp(blocker.until),
                         format_delay(blocker.until - now));
    case BlockerKind::kCondition:
      return blocker.until > now ? fmt::format("waits for {}, looks again in {}", what,
                                               format_delay(blocker.until - now))
                                 : fmt::format("waits for {}, looks again now", what);
  }
  return what;
}

std::string as_json(const RunRow& run, const std::vector<Blocker>& blockers) {
  std::string out =
      fmt::format("{{\"run\":{},\"state\":\"{}\",\"tasks\":[", run.no, to_string(run.state));
  for (const Blocker& blocker : blockers) {
    if (&blocker != blockers.data()) out += ',';
    out += "{\"task\":";
    append_json(out, blocker.path);
    fmt::format_to(std::back_inserter(out), ",\"kind\":\"{}\",\"what\":", to_string(blocker.kind));
    append_json(out, blocker.what);
    if (blocker.since > 0) {
      fmt::format_to(std::back_inserter(out), ",\"since\":\"{}\"", format_timestamp(blocker.since));
    }
    if (blocker.until > 0) {
      fmt::format_to(std::back_inserter(out), ",\"until\":\"{}\"", format_timestamp(blocker.until));
    }
    out += ",\"owner\":";
    append_json(out, blocker.owner);
    out += '}';
  }
  out += "]}\n";
  return out;
}

struct Line {
  std::string task;
  std::string why;
  std::string since;
  std::string owner;
};

std::string as_table(std::vector<Line> lines) {
  lines.insert(lines.begin(), {"TASK", "WHY", "SINCE", "WHOSE"});
  std::size_t task_width = 0;
  std::size_t why_width = 0;
  std::size_t since_width = 0;
  for (const Line& line : lines) {
    task_width = std::max(task_width, display_width(line.task));
    why_width = std::max(why_width, display_width(line.why));
    since_width = std::max(since_width, display_width(line.since));
  }
  std::string out;
  for (const Line& line : lines) {
    fmt::format_to(std::back_inserter(out), "{}  {}  {}  {}\n", pad(line.task, task_width),
                   pad(line.why, why_width), pad(line.since, since_width), line.owner);
  }
  return out;
}

/// Whether a path is of the task that was asked about: itself, or one item of it.
bool is_of(std::string_view path, std::string_view task) {
  return task.empty() || path == task || task_in_path(path) == task;
}

/// Of a run that has ended there are only tasks that failed, and those that never ran.
Result<std::vector<Line>> lines_of_ended(StoreReader& reader, const RunRow& run,
                                         const std::string& task, Millis now) {
  std::vector<Line> lines;
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

std::vector<Line> lines_of(const std::vector<Blocker>& blockers, Millis now) {
  std::vector<Line> lines;
  for (const Blocker& blocker : blockers) {
    const std::string since = blocker.since > 0 ? format_delay(now - blocker.since) : "";
    lines.push_back(
        {printable(blocker.path), reason(blocker, now), since, printable(blocker.owner)});
  }
  return lines;
}

}  // namespace

CommandResult why_command(CommandContext& context) {
  const Arguments& arguments = context.arguments;
  TRY_ASSIGN(const StateLayout layout, state_here(context));
  TRY_ASSIGN(const std::unique_ptr<StoreReader> reader, context.parts.open_reader(layout));
  TRY_ASSIGN(const RunRow run, find_run(*reader, arguments.run));
  if (!arguments.task.empty()) {
    TRY_ASSIGN(const auto flow, load_flow(*reader, run));
    TRY(find_task(*flow, arguments.task));
  }
  const Millis now = context.parts.clock->now();
  std::vector<Blocker> blockers;
  std::vector<Line> lines;
  if (is_final(run.state)) {
    TRY_ASSIGN(lines, lines_of_ended(*reader, run, arguments.task, now));
  } else {
    TRY_ASSIGN(blockers, explain(*reader, run.no, flow::from_canonical, now));
    std::erase_if(blockers,
                  [&](const Blocker& blocker) { return !is_of(blocker.path, arguments.task); });
    lines = lines_of(blockers, now);
  }
  if (arguments.json) {
    context.output.write(as_json(run, blockers));
    return ExitCode::kOk;
  }
  std::string out = fmt::format("run {} of {}: {}\n", run.no, run.flow_id, to_string(run.state));
  if (!lines.empty()) out += as_table(std::move(lines));
  context.output.write(out);
  return ExitCode::kOk;
}

}  // namespace cordyna::cli
