#include "process/data/data_step.hpp"

#include <fmt/format.h>

#include <chrono>
#include <cstdio>
#include <filesystem>
#include <system_error>

#include "process/data/files.hpp"
#include "process/data/lineage.hpp"
#include "process/data/private_data.hpp"
#include "process/data/runner.hpp"
#include "step/step_process.hpp"

namespace cordyna::data {
namespace {

constexpr std::size_t kStepBytesMax = std::size_t{64} << 20;

/// Trouble with the state folder is none of the task.
StepResult<> kept_in_state(const Result<>& done) {
  if (done.has_value()) return {};
  const bool full = is_no_space(done.error());
  return step_fail(full ? TaskErrorCode::kNoSpace : TaskErrorCode::kInternal, done.error().message,
                   Phase::kInfra);
}

/// The work folder, empty but for the places that scripts use.
StepResult<> prepare_folders(const Step& step) {
  std::error_code ignored;
  for (const char* name : {"/in", "/out", "/tmp"}) {
    std::filesystem::remove_all(step.paths.work + name, ignored);
    STEP_TRY(kept_in_state(make_folders(step.paths.work + name)));
  }
  return kept_in_state(make_folders(step.paths.artifacts));
}

StepResult<> run_step(StepRun& run) {
  if (const auto* load = std::get_if<LoadParams>(&run.step.params)) return run_load(run, *load);
  if (const auto* check = std::get_if<CheckParams>(&run.step.params)) return run_check(run, *check);
  if (const auto* standardize = std::get_if<StandardizeParams>(&run.step.params)) {
    return run_standardize(run, *standardize);
  }
  if (const auto* secure = std::get_if<SecureParams>(&run.step.params)) {
    return run_secure(run, *secure);
  }
  if (const auto* merge = std::get_if<MergeParams>(&run.step.params)) return run_merge(run, *merge);
  if (const auto* transform = std::get_if<TransformParams>(&run.step.params)) {
    return run_transform(run, *transform);
  }
  if (const auto* guard = std::get_if<GuardParams>(&run.step.params)) return run_guard(run, *guard);
  return run_share(run, std::get<ShareParams>(run.step.params));
}

/// DuckDB's errors about a value quote it: "Could not convert string 'Ann' to INT32".
void hide_values(std::string& message) {
  std::size_t at = std::string::npos;
  for (const std::string_view kind : {"Conversion Error", "Invalid Input Error", "Out of Range"}) {
    at = std::min(at, message.find(kind));
  }
  if (at == std::string::npos) return;
  // A value may hold quotes itself, so all between the first and the last one goes.
  for (const char quote : {'\'', '"'}) {
    const std::size_t open = message.find(quote, at);
    const std::size_t close = message.rfind(quote);
    if (open == std::string::npos || close <= open) continue;
    message.replace(open + 1, close - open - 1, "…");
  }
}

StepResult<> carry_out(const Step& step, StepReport& report) {
  STEP_TRY_ASSIGN(std::string program, find_duckdb());
  STEP_TRY(prepare_folders(step));
  STEP_TRY(kept_in_state(mark_private(step)));
  const EndSignals signals;
  const Say say = [](std::string_view line) {
    fmt::print("{}\n", line);
    std::fflush(stdout);
  };
  Duckdb duckdb(std::move(program), step, signals);
  StepRun run{step, duckdb, signals, say};
  StepResult<> done = run_step(run);
  if (!done.has_value() && reads_pii(step)) hide_values(done.error().message);
  report = std::move(run.report);
  if (done.has_value()) done = kept_in_state(narrow_mark(step, report));
  report.memory_peak_bytes = duckdb.memory_peak_bytes();
  return done;
}

Millis now() {
  return std::chrono::duration_cast<std::chrono::milliseconds>(
             std::chrono::system_clock::now().time_since_epoch())
      .count();
}

/// Carries it out, and tells those who follow the data.
StepResult<> carry_out_and_tell(const Step& step, StepReport& report) {
  const Lineage lineage(step::variable);
  const auto say = [](std::string_view line) { fmt::print(stderr, "{}\n", line); };
  lineage.send(LineageMoment::kStart, step, report, nullptr, now(), say);
  StepResult<> done = carry_out(step, report);
  const TaskError* error = done.has_value() ? nullptr : &done.error();
  const LineageMoment moment = error != nullptr      ? LineageMoment::kFail
                               : report.hold.empty() ? LineageMoment::kComplete
                                                     : LineageMoment::kAbort;
  lineage.send(moment, step, report, error, now(), say);
  return done;
}

void remove_temporary(const Step& step) {
  std::error_code ignored;
  for (const char* name : {"/in", "/out", "/tmp"}) {
    std::filesystem::remove_all(step.paths.work + name, ignored);
  }
}

}  // namespace

int data_step_main(const std::string& path) {
  const auto start = std::chrono::steady_clock::now();
  const Result<std::string> text = read_front(path, kStepBytesMax);
  if (!text.has_value()) {
    fmt::print(stderr, "dyna data-step: {}\n", text.error().message);
    return 2;
  }
  const StepResult<Step> step = parse_step(*text);
  StepReport report;
  StepResult<> done;
  const std::string report_path = report_path_of(*text);
  if (step.has_value()) {
    done = carry_out_and_tell(*step, report);
    remove_temporary(*step);
  } else {
    done = std::unexpected<TaskError>(step.error());
  }
  report.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  const TaskError* error = done.has_value() ? nullptr : &done.error();
  if (error != nullptr) fmt::print(stderr, "{}\n", error->message);
  if (report_path.empty()) return 2;
  const Result<> written = write_report(report_path, report, error);
  if (!written.has_value()) {
    fmt::print(stderr, "dyna data-step: {}\n", written.error().message);
    return 1;
  }
  return error == nullptr ? 0 : 1;
}

}  // namespace cordyna::data
