#include "process/container/container_step.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <utility>

#include "base/text.hpp"
#include "docker/container_run.hpp"
#include "model/task_error.hpp"
#include "process/container/leftovers.hpp"
#include "process/container/step_file.hpp"
#include "step/step_process.hpp"

namespace cordyna::container {
namespace {

namespace fs = std::filesystem;

using step::kCancelledCode;
using step::say;
using step::variable;

constexpr const char* kSharedTarget = "/dyna";  // where the container finds what it shares with us

/// A folder that container and attempt share. Whoever the container's user is, may write there;
/// nobody else comes as far: the state folder is ours alone.
class Shared {
 public:
  explicit Shared(std::string work) : folder_(std::move(work) + "/container") {}
  ~Shared() {
    std::error_code ignored;
    fs::remove_all(folder_, ignored);
  }
  Shared(const Shared&) = delete;
  Shared& operator=(const Shared&) = delete;

  Result<> make() const {
    for (const std::string& path : {folder_, artifacts()}) {
      std::error_code error;
      fs::create_directories(path, error);
      if (error || ::chmod(path.c_str(), 0777) != 0) {
        return fail(ErrorCode::kUnavailable,
                    fmt::format("{} cannot be made: {}", path,
                                error ? error.message() : std::strerror(errno)));
      }
    }
    return {};
  }

  /// What the task left, to where an attempt leaves it. Links are moved as they are, and followed
  /// by nobody.
  Result<> collect() const {
    TRY(move(folder_ + "/outputs", variable("DYNA_OUTPUTS")));
    ::chmod(artifacts().c_str(), 0700);
    return move(artifacts(), variable("DYNA_ARTIFACTS"));
  }

  [[nodiscard]] const std::string& folder() const { return folder_; }

 private:
  [[nodiscard]] std::string artifacts() const { return folder_ + "/artifacts"; }

  static Result<> move(const std::string& from, const std::string& to) {
    if (to.empty() || ::rename(from.c_str(), to.c_str()) == 0 || errno == ENOENT) return {};
    return fail(ErrorCode::kUnavailable,
                fmt::format("{} cannot be moved to {}: {}", from, to, std::strerror(errno)));
  }

  std::string folder_;
};

struct Failure {
  TaskErrorCode code;
  Phase phase;
};

Failure failure_of(docker::Trouble trouble) {
  using C = TaskErrorCode;
  using docker::Trouble;
  switch (trouble) {
    case Trouble::kNone: break;
    case Trouble::kNoDaemon: return {C::kToolMissing, Phase::kStart};
    case Trouble::kNoRights: return {C::kAccessDenied, Phase::kStart};
    case Trouble::kDaemonAway: return {C::kSourceUnavailable, Phase::kInfra};
    case Trouble::kNoImage: return {C::kRemoteNotFound, Phase::kStart};
    case Trouble::kImageDenied: return {C::kRemoteRefused, Phase::kStart};
    case Trouble::kImageAway: return {C::kSourceUnavailable, Phase::kStart};
    case Trouble::kNameTaken:
    case Trouble::kRefused:
    case Trouble::kNotStarted: return {C::kSpawnFailed, Phase::kStart};
    case Trouble::kOutOfMemory: return {C::kOutOfMemory, Phase::kRun};
    case Trouble::kRemoved:
    case Trouble::kKilled: return {C::kLost, Phase::kRun};
    case Trouble::kNoSpace: return {C::kNoSpace, Phase::kInfra};
    case Trouble::kCancelled:
    case Trouble::kInternal: break;
  }
  return {C::kInternal, Phase::kInfra};
}

void report(const Failure& failure, const std::string& message) {
  step::report_error(make_task_error(failure.code, failure.phase, message));
}

/// Everything of the container that is not among the task's keys.
void complete(docker::ContainerSpec& spec, const StepFile& step, const Shared& shared) {
  const Resources& limits = step.resources;
  spec.memory_bytes = limits.memory_bytes;
  spec.cpu_millis = limits.cpu_millis;
  spec.file_bytes = limits.disk_bytes;
  spec.cpu_seconds = static_cast<std::uint64_t>((limits.cpu_time + 999) / 1000);
  for (char** entry = environ; *entry != nullptr; ++entry) {
    std::string_view text = *entry;
    if (!text.starts_with(kEnvPrefix)) continue;
    text.remove_prefix(kEnvPrefix.size());
    const std::size_t equals = text.find('=');
    spec.env.emplace_back(text.substr(0, equals), text.substr(equals + 1));
  }
  for (const char* name : {"DYNA_RUN_ID", "DYNA_RUN", "DYNA_TASK", "DYNA_ATTEMPT", "DYNA_FENCE"}) {
    spec.env.emplace_back(name, variable(name));
  }
  spec.env.emplace_back("DYNA_OUTPUTS", fmt::format("{}/outputs", kSharedTarget));
  spec.env.emplace_back("DYNA_ARTIFACTS", fmt::format("{}/artifacts", kSharedTarget));
  spec.mounts.push_back({shared.folder(), kSharedTarget, false, false});
}

void label(docker::ContainerSpec& spec, const std::string& state, const std::string& lock) {
  const std::string attempt = variable("DYNA_ATTEMPT");
  spec.labels[kAttemptLabel] = attempt;
  spec.labels[kTaskLabel] = attempt.substr(0, attempt.rfind('/'));
  spec.labels[kStateLabel] = state;
  spec.labels[kLockLabel] = lock;
}

/// What the container's end means: our exit code, and a report of what went wrong.
int tell(const docker::ContainerEnd& end, const docker::ContainerSpec& spec, const Shared& shared) {
  if (end.trouble == docker::Trouble::kCancelled) return kCancelledCode;
  const int failed = end.exit_code == 0 ? 1 : end.exit_code;
  if (const Result<> collected = shared.collect(); !collected.has_value()) {
    report({TaskErrorCode::kOutputInvalid, Phase::kResult}, collected.error().message);
    return failed;
  }
  if (end.trouble == docker::Trouble::kNone) return end.exit_code;
  report(failure_of(end.trouble),
         end.trouble == docker::Trouble::kOutOfMemory
             ? fmt::format("out of memory: the container wanted more than its {} bytes",
                           spec.memory_bytes)
             : end.message);
  return failed;
}

Result<int> run_step(const std::string& path) {
  TRY_ASSIGN(const std::string text, step::read_whole(path));
  TRY_ASSIGN(const StepFile step_file, parse_step_file(text));
  TRY_ASSIGN(AllowedTask allowed, allowed_task(step_file));
  docker::ContainerSpec& spec = allowed.task.spec;
  const std::string work = variable("DYNA_WORK");
  const std::string lock_path = work + "/container.lock";
  TRY_ASSIGN(const AttemptLock lock, AttemptLock::take(lock_path));
  const Shared shared(work);
  TRY(shared.make());
  const std::string state = state_mark(step_file.state_folder);
  complete(spec, step_file, shared);
  label(spec, state, lock_path);

  docker::Daemon daemon(allowed.socket);
  docker::RunOptions options;
  const std::string attempt = spec.labels[kAttemptLabel];
  const std::string task = spec.labels[kTaskLabel];
  options.name = docker::container_name("dyna-", attempt);
  options.is_ours = [attempt](const docker::ContainerState& found) {
    const auto label = found.labels.find(kAttemptLabel);
    return label != found.labels.end() && label->second == attempt;
  };
  options.clear = [state, task, attempt](docker::Daemon& where) {
    return remove_leftovers(where, state, task, attempt);
  };
  options.pull = allowed.task.pull;
  options.credentials = variable(kAuthVariable);
  options.say = say;
  options.output = [](docker::OutputStream stream, std::string_view bytes) -> Result<> {
    step::write_out(stream == docker::OutputStream::kOut ? STDOUT_FILENO : STDERR_FILENO, bytes);
    return {};
  };
  docker::ContainerRun run(daemon, spec, std::move(options), step::end_descriptor());
  const docker::ContainerEnd end = run.run();
  if (!end.left.empty()) say(end.left + "; the next container of this state folder removes it");
  return tell(end, spec, shared);
}

}  // namespace

int container_step_main(const std::string& path) {
  const auto code = run_step(path);
  if (code.has_value()) return *code;
  report({TaskErrorCode::kInternal, Phase::kInfra}, code.error().message);
  return 1;
}

}  // namespace cordyna::container
