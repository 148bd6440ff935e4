#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <iterator>
#include <system_error>

#include "base/text.hpp"
#include "cli/commands.hpp"
#include "cli/palette.hpp"
#include "cli/report_view.hpp"
#include "cli/run_lookup.hpp"
#include "cli/side.hpp"
#include "client/json_slice.hpp"
#include "flow/text_file.hpp"
#include "service/json.hpp"
#include "service/report_files.hpp"

namespace cordyna::cli {
namespace {

std::string_view title(Section section) {
  switch (section) {
    case Section::kTasks: return "tasks";
    case Section::kErrors: return "errors";
    case Section::kFinally: return "finally";
  }
  return "";
}

std::string joined_ids(const Flow& flow, const std::vector<TaskIndex>& tasks) {
  std::string out;
  for (const TaskIndex task : tasks) {
    if (!out.empty()) out += ", ";
    out += flow.tasks[task].id;
  }
  return out;
}

/// "int", "array of int", "select of a, b".
std::string type_as_text(const InputSpec& input) {
  std::string text(to_string(input.type));
  if (input.type == InputType::kArray) text += fmt::format(" of {}", to_string(input.items));
  if (!input.values.empty())
    text += printable(fmt::format(" of {}", fmt::join(input.values, ", ")));
  return text;
}

/// The list of tasks with what each needs: the graph as text.
std::string graph_as_text(const Flow& flow, const Palette& palette) {
  std::string out = fmt::format("{} {}\n", palette.paint(Colour::kBold, "flow"), flow.id);
  if (!flow.description.empty()) {
    fmt::format_to(std::back_inserter(out), "{}\n", printable(flow.description));
  }
  for (const InputSpec& input : flow.inputs) {
    fmt::format_to(std::back_inserter(out), "  input {}: {}{}\n", input.id, type_as_text(input),
                   input.required                ? ", required"
                   : input.default_value.empty() ? ""
                                                 : ", default " + printable(input.default_value));
  }
  std::size_t id_width = 4;
  std::size_t type_width = 4;
  for (const TaskSpec& task : flow.tasks) {
    id_width = std::max(id_width, task.id.size());
    type_width = std::max(type_width, task.type.size());
  }
  for (const Section section : {Section::kTasks, Section::kErrors, Section::kFinally}) {
    bool headed = false;
    for (const TaskSpec& task : flow.tasks) {
      if (task.section != section) continue;
      if (!headed) fmt::format_to(std::back_inserter(out), "{}:\n", title(section));
      headed = true;
      std::string line = fmt::format("  {:<{}}  {:<{}}", task.id, id_width, task.type, type_width);
      if (!task.needs.empty()) line += "  ← " + joined_ids(flow, task.needs);
      if (!task.run_if.empty()) line += "  if " + printable(task.run_if);
      if (task.inside != kNoTask && !flow.tasks[task.inside].foreach.items.empty()) {
        line += fmt::format("  each item of '{}'", flow.tasks[task.inside].id);
      } else if (task.inside != kNoTask) {
        line += fmt::format("  case '{}'",
                            printable(flow.tasks[task.inside].choice.cases[task.branch]));
      }
      if (task.disabled) line += "  (disabled)";
      while (line.ends_with(' ')) line.pop_back();
      out += line + "\n";
    }
  }
  return out;
}

void field(std::string& out, std::string_view name, const std::string& value) {
  if (!value.empty()) fmt::format_to(std::back_inserter(out), "  {:<13} {}\n", name, value);
}

std::string task_as_text(const Flow& flow, const TaskSpec& task, const Palette& palette) {
  std::string out = fmt::format("{} {}\n", palette.paint(Colour::kBold, "task"), task.id);
  field(out, "type", task.type);
  field(out, "description", printable(task.description));
  field(out, "owner", printable(task.owner));
  field(out, "needs", joined_ids(flow, task.needs));
  field(out, "reads", joined_ids(flow, task.refs));
  field(out, "run_if", printable(task.run_if));
  field(out, "trigger_rule", std::string(to_string(task.trigger_rule)));
  if (task.retry.attempts > 1) {
    field(
        out, "retry",
        fmt::format("{} attempts, {} apart", task.retry.attempts, format_delay(task.retry.delay)));
  }
  if (task.timeout > 0) field(out, "timeout", format_delay(task.timeout));
  if (task.timeouts.complete > 0) field(out, "complete in", format_delay(task.timeouts.complete));
  if (task.allow_failure) field(out, "allow_failure", "true");
  field(out, "params", printable(task.params));
  return out;
}

void append_task(std::string& out, const Flow& flow, const TaskSpec& task) {
  out += "{\"id\":";
  append_json(out, task.id);
  out += ",\"type\":";
  append_json(out, task.type);
  out += ",\"owner\":";
  append_json(out, task.owner);
  fmt::format_to(std::back_inserter(out), ",\"section\":\"{}\",\"line\":{},\"needs\":[",
                 title(task.section), task.line);
  for (const TaskIndex& need : task.needs) {
    if (&need != task.needs.data()) out += ',';
    append_json(out, flow.tasks[need].id);
  }
  out += "],\"params\":";
  out += task.params.empty() ? "{}" : task.params;
  out += '}';
}

std::string flow_as_json(const Flow& flow) {
  std::string out = "{\"flow\":";
  append_json(out, flow.id);
  out += ",\"namespace\":";
  append_json(out, flow.ns);
  fmt::format_to(std::back_inserter(out), ",\"hash\":\"{}\",\"tasks\":[", flow.hash);
  for (const TaskSpec& task : flow.tasks) {
    if (&task != flow.tasks.data()) out += ',';
    append_task(out, flow, task);
  }
  out += "]}\n";
  return out;
}

/// A file that is there, or is called like one, is a flow; all else is a run.
bool is_flow(const std::string& name) {
  std::error_code error;
  return name.ends_with(".yaml") || name.ends_with(".yml") || name.find('/') != std::string::npos ||
         std::filesystem::exists(name, error);
}

/// A task of the flow, and its path in the run: that of one item, where it stands in a foreach.
struct ShownTask {
  TaskIndex index = 0;
  std::string path;
};

/// The report of an attempt as the step wrote it, and the names of its files that are gone.
struct StoredReport {
  std::string json;
  std::vector<std::string> gone;
};

/// Whether tasks of the type may write a report: a server is not asked about the others.
bool may_report(const TaskSpec& spec) {
  return spec.kind == TaskKind::kProcess && spec.type != "shell" && spec.type != "python" &&
         spec.type != "wait_for";
}

Result<StoredReport> stored_report(const Side& side, const TaskSpec& spec, const ShownTask& task,
                                   RunNo run, std::uint32_t attempt) {
  constexpr std::size_t kReportBytesMax = std::size_t{64} << 20;
  StoredReport stored;
  if (side.server.has_value()) {
    if (!may_report(spec)) return stored;
    TRY_ASSIGN(const std::string answer,
               side.server->get(fmt::format("/runs/{}/report", run),
                                {{"task", task.path}, {"attempt", std::to_string(attempt)}}));
    TRY_ASSIGN(const client::JsonSlice json, client::JsonSlice::parse(answer));
    stored.json = json.raw("report");
    for (const client::JsonSlice& name : json.member("gone").items()) {
      stored.gone.push_back(name.text());
    }
    return stored;
  }
  const std::string path =
      side.layout.attempt_folder(run, task.index, attempt, items_in_path(task.path)) + "/" +
      attempt_file::kReport;
  auto text = flow::read_text_file(path, kReportBytesMax);
  if (text.has_value()) {
    stored.json = std::move(*text);
  } else if (text.error().code != ErrorCode::kNotFound) {
    return std::unexpected<Error>(std::move(text.error()));
  }
  stored.gone = gone_files_of_report(stored.json);
  return stored;
}

/// Of an attempt, or of the newest one where `attempt` is 0. Errors: kNotFound: no such attempt.
Result<TaskReport> read_report(const Side& side, const Flow& flow, const ShownTask& task,
                               const RunSnapshot& snapshot, const std::vector<AttemptRow>& attempts,
                               std::uint32_t attempt) {
  const TaskSpec& spec = flow.tasks[task.index];
  TaskReport report;
  report.task = task.path;
  report.type = spec.type;
  const auto row = std::ranges::find(snapshot.tasks, task.path, &TaskRow::path);
  if (row != snapshot.tasks.end()) {
    report.state = row->state;
    report.attempts = row->attempt;
    if (row->error.has_value()) {
      report.error = fmt::format("{}: {}", info(row->error->code).name, row->error->message);
    }
  }
  report.attempt = attempt == 0 ? report.attempts : attempt;
  if (attempt > report.attempts) {
    return fail(
        ErrorCode::kNotFound,
        fmt::format("task '{}' has {} in run {}", task.path,
                    report.attempts == 0 ? "no attempt yet" : counted(report.attempts, "attempt"),
                    snapshot.run.no));
  }
  for (const AttemptRow& one : attempts) {
    if (one.path != task.path || one.attempt != report.attempt) continue;
    report.error.clear();
    if (one.error.has_value()) {
      report.error = fmt::format("{}: {}", info(one.error->code).name, one.error->message);
    }
  }
  if (report.attempt == 0) return report;
  TRY_ASSIGN(StoredReport stored, stored_report(side, spec, task, snapshot.run.no, report.attempt));
  report.json = std::move(stored.json);
  report.gone = std::move(stored.gone);
  return report;
}

std::string title_of(const RunRow& run) {
  std::string out = fmt::format("run {} of {}: {}", run.no, run.flow_id, to_string(run.state));
  if (run.rerun_of > 0) out += fmt::format("; a rerun of run {}", run.rerun_of);
  if (!run.backfill.empty()) out += fmt::format("; of backfill {}", run.backfill);
  if (run.parent > 0) {
    out += fmt::format("; begun by task '{}' of run {}", printable(run.parent_path), run.parent);
  }
  return out + "\n";
}

bool stands_in_foreach(const Flow& flow, TaskIndex task) {
  for (TaskIndex in = flow.tasks[task].inside; in != kNoTask; in = flow.tasks[in].inside) {
    if (!flow.tasks[in].foreach.items.empty()) return true;
  }
  return false;
}

CommandResult show_run(CommandContext& context) {
  const Arguments& arguments = context.arguments;
  if (arguments.sql) {
    return fail(ErrorCode::kInvalidArgument,
                "--sql wants a flow's file: dyna show FILE TASK --sql");
  }
  TRY_ASSIGN(const Side side, side_here(context));
  StoreReader* const reader = side.reader.get();
  TRY_ASSIGN(const RunRow run, find_run(*reader, arguments.files.front()));
  TRY_ASSIGN(const std::shared_ptr<const Flow> flow, load_flow(*reader, run));
  TRY_ASSIGN(const RunSnapshot snapshot, reader->load_run(run.no));
  TRY_ASSIGN(const std::vector<AttemptRow> attempts, reader->list_attempts(run.no));
  if (!arguments.task.empty()) {
    TRY_ASSIGN(const TaskIndex task, find_task(*flow, arguments.task));
    if (stands_in_foreach(*flow, task) && arguments.task.find('[') == std::string::npos) {
      return fail(ErrorCode::kInvalidArgument,
                  fmt::format("task '{}' runs once for each item; name one of them by its path, "
                              "with numbers from 0, as `dyna logs {}` shows it",
                              arguments.task, run.no));
    }
    TRY_ASSIGN(const TaskReport report, read_report(side, *flow, {task, arguments.task}, snapshot,
                                                    attempts, arguments.attempt));
    context.output.write(arguments.json
                             ? report_as_json(report) + "\n"
                             : report_as_text(report, Palette(wants_colour(context.output))));
    return ExitCode::kOk;
  }
  std::vector<TaskReport> reports;
  for (TaskIndex task = 0; task < flow->tasks.size(); ++task) {
    if (stands_in_foreach(*flow, task)) continue;  // the foreach says how many did what
    TRY_ASSIGN(TaskReport report,
               read_report(side, *flow, {task, flow->tasks[task].id}, snapshot, attempts, 0));
    reports.push_back(std::move(report));
  }
  std::string out = title_of(run) + reports_as_table(reports);
  if (arguments.json) {
    out = fmt::format("{{\"run\":{},\"state\":\"{}\"", run.no, to_string(run.state));
    if (run.rerun_of > 0) out += fmt::format(",\"rerun_of\":{}", run.rerun_of);
    if (!run.backfill.empty()) out += ",\"backfill\":" + run.backfill;
    append_parent(out, run);
    out += ",\"tasks\":[";
    for (const TaskReport& report : reports) {
      if (&report != reports.data()) out += ',';
      out += report_as_json(report);
    }
    out += "]}\n";
  }
  context.output.write(out);
  return ExitCode::kOk;
}

}  // namespace

CommandResult show_command(CommandContext& context) {
  const Arguments& arguments = context.arguments;
  if (!is_flow(arguments.files.front())) return show_run(context);
  if (arguments.attempt > 0) {
    return fail(ErrorCode::kInvalidArgument,
                "--attempt wants a run: dyna show RUN TASK --attempt N");
  }
  if (arguments.sql && arguments.task.empty()) {
    return fail(ErrorCode::kInvalidArgument, "--sql wants a task: dyna show FILE TASK --sql");
  }
  TRY_ASSIGN(const flow::Parsed parsed, parse_and_report(context, arguments.files.front()));
  if (parsed.flow == nullptr) return ExitCode::kUsage;
  const Flow& flow = *parsed.flow;
  const Palette palette(wants_colour(context.output));
  std::string out;
  if (arguments.task.empty()) {
    out = arguments.json ? flow_as_json(flow) : graph_as_text(flow, palette);
  } else {
    TRY_ASSIGN(const TaskIndex task, find_task(flow, arguments.task));
    if (arguments.sql) {
      TRY_ASSIGN(const std::string sql, context.parts.show_sql(flow, task));
      if (arguments.json) {
        out = "{\"sql\":";
        append_json(out, sql);
        out += "}\n";
      } else {
        out = sql.ends_with('\n') ? sql : sql + "\n";
      }
    } else if (arguments.json) {
      append_task(out, flow, flow.tasks[task]);
      out += '\n';
    } else {
      out = task_as_text(flow, flow.tasks[task], palette);
    }
  }
  context.output.write(out);
  return ExitCode::kOk;
}

}  // namespace cordyna::cli
