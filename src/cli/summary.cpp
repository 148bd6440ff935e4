#include "cli/summary.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <boost/json.hpp>
#include <iterator>
#include <map>

#include "base/text.hpp"
#include "model/log_format.hpp"
#include "service/update.hpp"

namespace cordyna::cli {
namespace {

namespace json = boost::json;

constexpr std::size_t kFailedMax = 20;
constexpr std::size_t kBlockedMax = 5;
constexpr std::size_t kLinesMax = 8;
constexpr std::size_t kSharedMax = 50;
constexpr off_t kTailBytes = 64 << 10;

/// The last 64 KiB of a file; empty where there is none.
std::string read_tail(const std::string& path) {
  const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
  if (fd < 0) return {};
  const off_t size = ::lseek(fd, 0, SEEK_END);
  std::string text(static_cast<std::size_t>(std::min(std::max<off_t>(size, 0), kTailBytes)), '\0');
  const ssize_t got = ::pread(fd, text.data(), text.size(), size - static_cast<off_t>(text.size()));
  ::close(fd);
  text.resize(got > 0 ? static_cast<std::size_t>(got) : 0);
  if (size > kTailBytes) text.erase(0, std::min(text.find('\n'), text.size() - 1) + 1);
  return text;
}

const TaskSpec* find_task(const FollowedRun& run, std::string_view path, TaskIndex* index) {
  if (run.flow == nullptr) return nullptr;
  const std::string task = task_in_path(path);
  for (std::size_t i = 0; i < run.flow->tasks.size(); ++i) {
    if (run.flow->tasks[i].id != task) continue;
    *index = static_cast<TaskIndex>(i);
    return &run.flow->tasks[i];
  }
  return nullptr;
}

/// A line of a log as it is shown.
std::string log_line(std::string_view text) {
  constexpr std::size_t kColumns = 500;
  return fit(printable(text), kColumns);
}

FailedTask make_failed(const LogEnd& log, const FollowedRun& run, const TaskRow& task) {
  FailedTask failed;
  failed.path = task.path;
  failed.attempt = task.attempt;
  failed.error = *task.error;
  TaskIndex index = 0;
  const TaskSpec* spec = find_task(run, task.path, &index);
  if (spec == nullptr) return failed;
  failed.allowed = spec->allow_failure;
  if (task.attempt == 0) return failed;
  failed.last_lines = last_lines(log(task.path, index, task.attempt), kLinesMax);
  failed.has_log = !failed.last_lines.empty();
  // What the error says already is not said again.
  const std::string said = log_line(task.error->message);
  std::erase(failed.last_lines, said);
  return failed;
}

/// A blocked task names the upstream that ended so; that may itself be blocked: the failed task at
/// the root counts them all.
std::string root_of(const std::map<std::string_view, const TaskRow*>& blocked,
                    const TaskRow& task) {
  const TaskRow* at = &task;
  for (std::size_t steps = 0; steps <= blocked.size(); ++steps) {
    const auto next = blocked.find(at->blocked_by);
    if (next == blocked.end()) break;
    at = next->second;
  }
  return at->blocked_by;
}

void add_blocked(const RunSnapshot& snapshot, std::vector<FailedTask>& failed) {
  std::map<std::string_view, const TaskRow*> blocked;
  for (const TaskRow& task : snapshot.tasks) {
    if (task.state == TaskState::kBlocked) blocked[task.path] = &task;
  }
  std::map<std::string_view, FailedTask*> roots;
  for (FailedTask& task : failed) roots[task.path] = &task;
  for (const auto& [path, task] : blocked) {
    const auto root = roots.find(root_of(blocked, *task));
    if (root == roots.end()) continue;
    if (root->second->blocked_count++ < kBlockedMax) root->second->blocked.emplace_back(path);
  }
}

/// The targets that a `share` task names in its outputs.
void add_shared(std::vector<std::string>& shared, const std::string& outputs) {
  json::error_code error;
  const json::value value = json::parse(outputs, error);
  if (error || !value.is_object()) return;
  const json::value* targets = value.get_object().if_contains("targets");
  if (targets == nullptr || !targets->is_array()) return;
  for (const json::value& path : targets->get_array()) {
    if (!path.is_string() || shared.size() >= kSharedMax) continue;
    shared.emplace_back(path.get_string().data(), path.get_string().size());
  }
}

void add_line(std::string& out, std::string_view text) {
  out += text;
  out += '\n';
}

void format_failed(const FailedTask& task, RunNo run, const Palette& palette, std::string& out) {
  const std::string head =
      fmt::format("{} {}: {}: {}", symbol_of(TaskState::kError), printable(task.path),
                  info(task.error.code).name, printable(task.error.message));
  add_line(out, palette.paint(task.allowed ? Colour::kYellow : Colour::kRed, head));
  std::string facts = "    ";
  if (task.attempt > 0) facts += fmt::format("attempt {}, ", task.attempt);
  facts +=
      fmt::format("phase {}, owner {}", to_string(task.error.phase), printable(task.error.owner));
  if (task.allowed) facts += ", allowed to fail";
  add_line(out, facts);
  for (const std::string& line : task.last_lines) {
    add_line(out, "    " + palette.paint(Colour::kDim, "│ ") + line);
  }
  if (task.blocked_count > 0) {
    std::string names;
    for (const std::string& path : task.blocked) {
      if (!names.empty()) names += ", ";
      names += printable(path);
    }
    const std::size_t more = task.blocked_count - task.blocked.size();
    if (more > 0) names += fmt::format(" and {} more", grouped(more));
    add_line(out, fmt::format("    blocked by it: {}", names));
  }
  if (task.has_log || !task.last_lines.empty()) {
    add_line(out, fmt::format("    all of its output: dyna logs {} {}", run, printable(task.path)));
  }
}

void format_held(const HeldTask& task, const RunSummary& summary, const Palette& palette,
                 std::string& out) {
  add_line(out, palette.paint(Colour::kYellow,
                              fmt::format("{} {}: held: {}", symbol_of(RunState::kPaused),
                                          printable(task.path), printable(task.reason))));
  const std::string which = summary.held.size() > 1
                                ? fmt::format("{} {}", summary.run.no, printable(task.path))
                                : std::to_string(summary.run.no);
  std::string with;
  for (const std::string& id : task.asks) with += fmt::format(" --with {}=…", printable(id));
  add_line(out, fmt::format("    it is right:  dyna approve {}{}", which, with));
  add_line(out, fmt::format("    it is wrong:  dyna reject {}", which));
}

/// "key: value" for each output of the run.
void format_outputs(const std::string& outputs, std::string& out) {
  json::error_code error;
  const json::value value = json::parse(outputs, error);
  if (error || !value.is_object()) return;
  for (const auto& [key, item] : value.get_object()) {
    std::string text = item.is_string()
                           ? std::string(item.get_string().data(), item.get_string().size())
                           : json::serialize(item);
    const json::string_view name = key;
    add_line(out, fmt::format("  {} = {}", printable({name.data(), name.size()}),
                              fit(printable(text), 200)));
  }
}

}  // namespace

bool wants_rows(const FollowedRun& run) {
  return run.flow != nullptr && std::ranges::any_of(run.flow->tasks, [](const TaskSpec& task) {
           return task.type == "share";
         });
}

Result<RunSummary> load_summary(StoreReader& reader, const StateLayout& layout,
                                const FollowedRun& run) {
  const auto log = [&](const std::string& path, TaskIndex task, std::uint32_t attempt) {
    return read_tail(layout.attempt_folder(run.no, task, attempt, items_in_path(path)) + "/" +
                     std::string(attempt_file::kLog));
  };
  return load_summary(reader, LogEnd(log), run);
}

Result<RunSummary> load_summary(StoreReader& reader, const LogEnd& log, const FollowedRun& run) {
  RunSummary summary;
  TRY_ASSIGN(summary.run, reader.find_run(run.no));
  // A run of 100,000 tasks that all went well has nothing to look for among its rows.
  if (summary.run.state == RunState::kCompleted && !wants_rows(run)) return summary;
  TRY_ASSIGN(const RunSnapshot snapshot, reader.load_run(run.no));
  for (const TaskRow& task : snapshot.tasks) {
    TaskIndex index = 0;
    if (task.state == TaskState::kCompleted && !task.outputs.empty()) {
      const TaskSpec* spec = wants_rows(run) ? find_task(run, task.path, &index) : nullptr;
      if (spec != nullptr && spec->type == "share") add_shared(summary.shared, task.outputs);
    }
    if (task.state != TaskState::kError || !task.error.has_value()) continue;
    if (summary.failed_count++ < kFailedMax) {
      summary.failed.push_back(make_failed(log, run, task));
    }
  }
  add_blocked(snapshot, summary.failed);
  if (is_final(summary.run.state)) return summary;
  const auto ended = [&](const HoldRow& hold) {
    const auto task = std::ranges::find(snapshot.tasks, hold.path, &TaskRow::path);
    return task != snapshot.tasks.end() && is_final(task->state);
  };
  for (const HoldRow& hold : snapshot.holds) {
    if (hold.state == HoldState::kHeld && !ended(hold))
      summary.held.push_back({hold.path, hold.reason});
    TaskIndex index = 0;
    const TaskSpec* spec = run.flow == nullptr ? nullptr : find_task(run, hold.path, &index);
    if (spec == nullptr) continue;
    for (const InputSpec& input : spec->inputs) {
      if (input.required) summary.held.back().asks.push_back(input.id);
    }
  }
  return summary;
}

std::string format_summary(const RunSummary& summary, const Palette& palette) {
  const RunRow& run = summary.run;
  std::string out;
  for (const FailedTask& task : summary.failed) format_failed(task, run.no, palette, out);
  if (summary.failed_count > summary.failed.size()) {
    add_line(out, fmt::format("… {} more failed: dyna why {}",
                              grouped(summary.failed_count - summary.failed.size()), run.no));
  }
  if (run.error.has_value()) {
    add_line(out, palette.paint(Colour::kRed, fmt::format("{}: {}", info(run.error->code).name,
                                                          printable(run.error->message))));
  }
  for (const HeldTask& task : summary.held) format_held(task, summary, palette, out);
  for (const std::string& path : summary.shared) {
    add_line(out, fmt::format("  shared {}", printable(path)));
  }
  if (!run.outputs.empty()) format_outputs(run.outputs, out);
  std::string last =
      fmt::format("{} run {} {}", symbol_of(run.state), run.no,
                  run.state == RunState::kWarning  ? "completed with warnings"
                  : run.state == RunState::kError  ? "ended in error"
                  : run.state == RunState::kPaused ? "is held, nothing of it was lost"
                                                   : to_string(run.state));
  if (run.ended_at > 0) {
    const Millis from = run.started_at > 0 ? run.started_at : run.created_at;
    last += fmt::format(" in {}", format_delay(run.ended_at - from));
  }
  last += fmt::format(": {}", printable(run.flow_id));
  add_line(out, palette.paint(colour_of(run.state), last));
  return out;
}

std::string summary_as_json(const RunSummary& summary) {
  const RunRow& run = summary.run;
  std::string out =
      fmt::format("{{\"summary\":{{\"run\":{},\"id\":\"{}\",\"flow\":", run.no, run.id.value);
  append_json(out, run.flow_id);
  fmt::format_to(
      std::back_inserter(out),
      ",\"state\":\"{}\",\"created_at\":\"{}\",\"started_at\":{},\"ended_at\":\"{}\"",
      to_string(run.state), format_timestamp(run.created_at),
      run.started_at > 0 ? fmt::format("\"{}\"", format_timestamp(run.started_at)) : "null",
      format_timestamp(run.ended_at));
  fmt::format_to(std::back_inserter(out), ",\"warnings\":{},\"outputs\":{},\"failed_count\":{}",
                 run.warnings, run.outputs.empty() ? "{}" : run.outputs, summary.failed_count);
  out += ",\"failed\":[";
  for (const FailedTask& task : summary.failed) {
    if (&task != summary.failed.data()) out += ',';
    out += "{\"task\":";
    append_json(out, task.path);
    fmt::format_to(std::back_inserter(out),
                   ",\"attempt\":{},\"blocked_count\":{},\"error\":", task.attempt,
                   task.blocked_count);
    append_json(out, task.error);
    out += '}';
  }
  out += "],\"held\":[";
  for (const HeldTask& task : summary.held) {
    if (&task != summary.held.data()) out += ',';
    out += "{\"task\":";
    append_json(out, task.path);
    out += ",\"reason\":";
    append_json(out, task.reason);
    out += '}';
  }
  out += "],\"shared\":[";
  for (const std::string& path : summary.shared) {
    if (&path != summary.shared.data()) out += ',';
    append_json(out, path);
  }
  out += "]}}";
  return out;
}

std::vector<std::string> last_lines(std::string_view log, std::size_t lines_max) {
  std::vector<std::string> errors;
  std::vector<std::string> all;
  while (!log.empty()) {
    const std::size_t end = std::min(log.find('\n'), log.size());
    const auto record = parse_log_record(log.substr(0, end));
    log.remove_prefix(std::min(end + 1, log.size()));
    if (!record.has_value() || record->continued || record->text.empty()) continue;
    std::string line = log_line(record->text);
    if (record->stream == 'e') errors.push_back(line);
    all.push_back(std::move(line));
  }
  std::vector<std::string>& chosen = errors.empty() ? all : errors;
  if (chosen.size() > lines_max) {
    chosen.erase(chosen.begin(), chosen.end() - static_cast<std::ptrdiff_t>(lines_max));
  }
  return chosen;
}

}  // namespace cordyna::cli
