#include "process/shell/script_step.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstdlib>
#include <cstring>
#include <optional>
#include <utility>

#include "base/text.hpp"
#include "model/task_error.hpp"
#include "process/shell/compiler.hpp"
#include "process/shell/programs.hpp"
#include "process/shell/script_step_file.hpp"
#include "process/shell/tool_run.hpp"
#include "step/step_process.hpp"

namespace cordyna::script {
namespace {

constexpr int kNotFoundCode = 127;
constexpr int kKilledCode = 137;            // as a shell reports SIGKILL
constexpr std::size_t kLineBytesMax = 280;  // of a line, what is shown as the message of an error

struct StepFailure {
  TaskErrorCode code = TaskErrorCode::kInternal;
  Phase phase = Phase::kPrepare;
  std::string message;
  int exit_code = 1;
  bool is_told = true;  ///< false: the exit code says it better
};

/// The message goes out as the last line of standard error, where secrets are masked; the report
/// has only the code.
int tell_failure(const StepFailure& failure) {
  std::string line = printable(failure.message);
  if (line.size() > kLineBytesMax) {
    std::size_t end = kLineBytesMax;
    while (end > 0 && (static_cast<unsigned char>(line[end]) & 0xC0U) == 0x80U) --end;
    line = line.substr(0, end) + "…";
  }
  if (failure.is_told) {
    step::report_error(make_task_error(failure.code, failure.phase, std::move(line)),
                       step::Message::kInLog);
  } else {
    step::write_out(STDERR_FILENO, line + "\n");
  }
  return failure.exit_code;
}

bool is_full(std::string_view text) {
  return text.find("No space left on device") != std::string_view::npos ||
         text.find("Disk quota exceeded") != std::string_view::npos;
}

/// Whether it was the system that ended the compiler, or what it had started.
bool was_killed(const Compiled& done) {
  return done.exit_code == kKilledCode ||
         done.output.find("Killed signal terminated program") != std::string::npos;
}

StepFailure no_tool(const ScriptStep& step, const Error& error) {
  return {TaskErrorCode::kToolMissing, Phase::kPrepare,
          fmt::format("language: {}: {}", step.language, error.message),
          error.code == ErrorCode::kNotFound ? kNotFoundCode : 1};
}

StepFailure no_place(const Error& error) {
  return {is_full(error.message) ? TaskErrorCode::kNoSpace : TaskErrorCode::kExitNonzero,
          Phase::kPrepare, "the compiled program cannot be kept: " + error.message, 1};
}

class StepRun {
 public:
  StepRun(ScriptStep step, std::string source)
      : step_(std::move(step)), source_(std::move(source)) {}

  /// Does not come back where all is well.
  StepFailure run() {
    auto compiler = find_compiler(step_);
    if (!compiler.has_value()) return no_tool(step_, compiler.error());
    compiler_ = *std::move(compiler);
    Programs programs(step_.programs, [this] {
      step::say(fmt::format("another task compiles {}: waiting for it", step_.shown));
    });
    auto held =
        programs.take(program_key(step_, compiler_, source_),
                      [this](const std::string& folder, int lock) { return make(folder, lock); });
    if (!held.has_value()) {
      return failed_.has_value() ? *std::move(failed_) : no_place(held.error());
    }
    auto command = run_command(step_, compiler_, held->folder);
    if (!command.has_value()) return no_tool(step_, command.error());
    return become(*command, held->lock);
  }

 private:
  Result<> make(const std::string& folder, int lock) {
    const auto began = std::chrono::steady_clock::now();
    std::string words;
    for (const std::string& word : step_.compiler) words += " " + word;
    step::say(fmt::format("compiling {} with{}", step_.shown, printable(words)));
    TRY_ASSIGN(const Compiled done, compile(step_, compiler_, source_, folder, lock));
    if (done.exit_code == 0) {
      const std::chrono::duration<double> took = std::chrono::steady_clock::now() - began;
      step::say(fmt::format("compiled in {:.1f} s", took.count()));
      return {};
    }
    const std::string why = essence(step_.language, done.output);
    failed_ =
        StepFailure{is_full(done.output) ? TaskErrorCode::kNoSpace : TaskErrorCode::kInputInvalid,
                    Phase::kPrepare,
                    fmt::format("{} cannot be compiled: {}", step_.shown,
                                why.empty() ? fmt::format("{} ended with exit code {}",
                                                          step_.compiler.front(), done.exit_code)
                                            : why),
                    1};
    if (was_killed(done)) {
      failed_->exit_code = kKilledCode;
      failed_->is_told = false;
    }
    return fail(ErrorCode::kInvalidArgument, failed_->message);
  }

  /// `lock` stays open, so that nobody removes what runs.
  StepFailure become(const std::vector<std::string>& command, int lock) {
    ::fcntl(lock, F_SETFD, 0);
    ::unsetenv("DYNA_REPORT");
    // A machine of Java reads variables and writes texts as the locale says, and as ASCII without.
    if (step::variable("LC_ALL").empty() && step::variable("LC_CTYPE").empty() &&
        step::variable("LANG").empty()) {
      ::setenv("LC_CTYPE", "C.UTF-8", 1);
    }
    std::vector<char*> argv;
    argv.reserve(command.size() + 1);
    for (const std::string& word : command) argv.push_back(const_cast<char*>(word.c_str()));
    argv.push_back(nullptr);
    ::execv(argv[0], argv.data());
    return {TaskErrorCode::kToolMissing, Phase::kStart,
            fmt::format("{} cannot be started: {}", command[0], std::strerror(errno)),
            kNotFoundCode};
  }

  ScriptStep step_;
  std::string source_;
  Compiler compiler_;
  std::optional<StepFailure> failed_;
};

}  // namespace

int script_step_main(const std::string& path) {
  auto step = parse_script_step(step::read_whole(path).value_or(""));
  if (!step.has_value()) {
    return tell_failure({TaskErrorCode::kInternal, Phase::kInfra, step.error().message, 1});
  }
  std::string source =
      step::read_whole(path.substr(0, path.rfind('/') + 1) + step->source).value_or("");
  return tell_failure(StepRun(*std::move(step), std::move(source)).run());
}

}  // namespace cordyna::script
