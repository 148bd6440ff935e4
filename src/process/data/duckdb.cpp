#include "process/data/duckdb.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <system_error>

#include "process/data/compile.hpp"
#include "process/data/files.hpp"

namespace cordyna::data {
namespace {

namespace fs = std::filesystem;

/// What the program itself may take beside DuckDB's own memory: its limit is not its size.
constexpr std::uint64_t kOverheadBytes = std::uint64_t{512} << 20;

std::string environment(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? std::string() : std::string(value);
}

bool is_program(const std::string& path) {
  std::error_code error;
  return fs::is_regular_file(path, error) && access(path.c_str(), X_OK) == 0;
}

std::vector<std::string> split_lines(std::string_view text) {
  std::vector<std::string> lines;
  while (!text.empty()) {
    const std::size_t end = text.find('\n');
    const std::string_view line = text.substr(0, end);
    // Warnings and notices share the stream; only rows begin with a brace.
    if (line.starts_with('{')) lines.emplace_back(line);
    if (end == std::string_view::npos) break;
    text.remove_prefix(end + 1);
  }
  return lines;
}

/// "changes:   2   total_changes: 5"; rows begin otherwise.
std::int64_t last_changes(std::string_view text) {
  constexpr std::string_view kWord = "total_changes: ";
  const std::size_t line = text.rfind("\nchanges: ");
  const std::size_t at = text.find(kWord, line == std::string_view::npos ? 0 : line);
  std::int64_t number = 0;
  if (at == std::string_view::npos) return 0;
  std::from_chars(text.data() + at + kWord.size(), text.data() + text.size(), number);
  return number;
}

/// "Binder Error: …" without the lines of advice behind it, and without "LINE 3: …" with its arrow.
std::string short_error(std::string_view text) {
  while (text.starts_with('\n')) text.remove_prefix(1);
  std::string out;
  while (!text.empty()) {
    const std::size_t end = text.find('\n');
    const std::string_view line = text.substr(0, end);
    if (line.empty() || line.starts_with("LINE ") || line.starts_with("Possible ")) break;
    if (!out.empty()) out += ' ';
    out += line;
    if (end == std::string_view::npos) break;
    text.remove_prefix(end + 1);
  }
  constexpr std::size_t kMax = 1000;
  if (out.size() > kMax) out = out.substr(0, kMax) + "…";
  return out;
}

}  // namespace

StepResult<std::string> find_duckdb() {
  const std::string named = environment("DYNA_DUCKDB");
  if (!named.empty()) {
    if (is_program(named)) return named;
    return step_fail(TaskErrorCode::kToolMissing,
                     fmt::format("DYNA_DUCKDB names {}, which is not a program", named),
                     Phase::kPrepare);
  }
  std::error_code error;
  const fs::path self = fs::read_symlink("/proc/self/exe", error);
  std::vector<std::string> places;
  if (!error) {
    places.push_back(
        (self.parent_path().parent_path() / "libexec/cordyna/duckdb").lexically_normal().string());
  }
  std::string cache = environment("XDG_CACHE_HOME");
  if (cache.empty()) cache = environment("HOME") + "/.cache";
  places.push_back(fmt::format("{}/cordyna/duckdb/{}/duckdb", cache, kDuckdbVersion));
  for (const std::string& place : places) {
    if (is_program(place)) return place;
  }
  std::string message = "DuckDB, which runs data steps, was not found at ";
  for (std::size_t i = 0; i < places.size(); ++i)
    message += (i == 0 ? "" : ", nor at ") + places[i];
  return step_fail(TaskErrorCode::kToolMissing,
                   message + ": `dyna doctor --install` fetches it, or DYNA_DUCKDB names it",
                   Phase::kPrepare);
}

StepResult<ScriptEnd> Duckdb::run(std::string_view script, const std::vector<std::string>& paths) {
  const std::string file = step_.paths.work + "/step.sql";
  std::string whole;
  // The sandbox forbids getenv.
  for (const auto& [name, ignored] : secrets_) {
    whole += fmt::format("SET VARIABLE {0} = unhex(getenv('{0}'));\n", name);
  }
  Limits limits = step_.limits;
  if (threads_ > 0) limits.threads = threads_;
  whole += free_folder_.empty() ? sandbox_sql(limits, paths)
                                : limits_sql(limits, step_.paths.work + "/tmp");
  whole += script;
  const Result<> written = write_file(file, whole);
  if (!written.has_value()) {
    const auto code =
        is_no_space(written.error()) ? TaskErrorCode::kNoSpace : TaskErrorCode::kInternal;
    return step_fail(code, written.error().message, Phase::kInfra);
  }
  ChildSpec spec;
  spec.argv = {program_, "-bail", "-batch", "-no-init", "-jsonlines", "-f", file};
  spec.env = {
      {"HOME", step_.paths.work}, {"PATH", "/usr/bin:/bin"}, {"LC_ALL", "C.UTF-8"}, {"TZ", "UTC"}};
  spec.env.insert(spec.env.end(), secrets_.begin(), secrets_.end());
  spec.folder = free_folder_.empty() ? step_.paths.work : free_folder_;
  spec.data_bytes_max = step_.limits.memory_bytes + kOverheadBytes;
  Result<ChildEnd> end = run_child(spec, signals_);
  if (!end.has_value()) {
    return step_fail(TaskErrorCode::kToolMissing,
                     "DuckDB cannot be started: " + end.error().message, Phase::kStart);
  }
  memory_peak_bytes_ = std::max(memory_peak_bytes_, end->memory_peak_bytes);
  if (end->cancelled) {
    return step_fail(TaskErrorCode::kSignalled, "the step was asked to end", Phase::kRun);
  }
  if (end->signal != 0) {
    return step_fail(
        end->signal == SIGKILL ? TaskErrorCode::kOutOfMemory : TaskErrorCode::kSqlFailed,
        fmt::format("DuckDB was ended by signal {}; memory is {} MB", end->signal,
                    step_.limits.memory_bytes >> 20));
  }
  ScriptEnd result;
  result.lines = split_lines(end->out);
  result.changes = last_changes(end->out);
  result.failed = end->exit_code != 0;
  if (result.failed) result.error = short_error(end->err);
  if (result.failed && end->err.find("No space left on device") != std::string::npos) {
    return step_fail(TaskErrorCode::kNoSpace, result.error, Phase::kInfra);
  }
  if (result.failed && end->err.find("Out of Memory Error") != std::string::npos) {
    return step_fail(TaskErrorCode::kOutOfMemory,
                     fmt::format("{}; the step's `memory` is {} MB", result.error,
                                 step_.limits.memory_bytes >> 20));
  }
  return result;
}

}  // namespace cordyna::data
