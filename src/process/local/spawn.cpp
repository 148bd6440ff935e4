#include "process/local/spawn.hpp"

#include <linux/close_range.h>
#include <sched.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <cstddef>
#include <string_view>

#include "base/debian.hpp"
#include "process/local/files.hpp"

namespace cordyna::local {
namespace {

constexpr std::size_t kStackBytes = 65536;
constexpr int kSpawnFailedCode = 127;

enum class Step : std::uint8_t { kNone, kGroup, kFolder, kFiles, kExec };

/// All that the child needs, as plain pointers: it must not allocate, lock, or throw.
struct Plan {
  char* const* argv;
  char* const* env;
  const char* const* programs;  ///< to try in turn; ends with null
  const char* folder;
  mode_t mask;
  int out;
  int error;
  pid_t parent;
  const int* joins;  ///< ends with -1
  SpawnLimits limits;
  Step failed = Step::kNone;
  int cause = 0;
};

/// In what runs between fork and exec; as both compilers spell it.
#define CORDYNA_NOT_SANITIZED __attribute__((no_sanitize("address", "undefined")))

[[noreturn]] CORDYNA_NOT_SANITIZED void give_up(Plan& plan, Step step) {
  plan.failed = step;
  plan.cause = errno;
  _exit(kSpawnFailedCode);
}

/// Never above what we may have ourselves.
CORDYNA_NOT_SANITIZED void lower_limit(__rlimit_resource resource, rlim_t soft, rlim_t hard) {
  rlimit limit{};
  if (soft == 0 || getrlimit(resource, &limit) != 0) return;
  if (limit.rlim_max > hard) limit.rlim_max = hard;
  limit.rlim_cur = limit.rlim_max < soft ? limit.rlim_max : soft;
  setrlimit(resource, &limit);
}

CORDYNA_NOT_SANITIZED int run_child(void* argument) {
  Plan& plan = *static_cast<Plan*>(argument);
  setpgid(0, 0);
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (getppid() != plan.parent) _exit(kSpawnFailedCode);  // it died before the line above
  for (const int* join = plan.joins; *join >= 0; ++join) {
    if (write(*join, "0", 1) != 1) give_up(plan, Step::kGroup);
  }
  const SpawnLimits& limits = plan.limits;
  lower_limit(RLIMIT_DATA, limits.data_bytes, limits.data_bytes);
  // SIGXCPU says what it is; who does not heed it is killed a second later.
  lower_limit(RLIMIT_CPU, limits.cpu_seconds, limits.cpu_seconds + 1);
  lower_limit(RLIMIT_FSIZE, limits.file_bytes, limits.file_bytes);
  if (dup2(plan.out, STDOUT_FILENO) < 0 || dup2(plan.error, STDERR_FILENO) < 0 ||
      syscall(SYS_close_range, 3, ~0U, 0) != 0) {
    give_up(plan, Step::kFiles);
  }
  umask(plan.mask);
  if (chdir(plan.folder) != 0) give_up(plan, Step::kFolder);
  sigset_t none;
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, nullptr);
  int cause = ENOENT;
  for (const char* const* program = plan.programs; *program != nullptr; ++program) {
    execve(*program, plan.argv, plan.env);
    if (errno == ENOENT || errno == ENOTDIR) continue;
    cause = errno;
    if (cause != EACCES) break;
  }
  errno = cause;
  give_up(plan, Step::kExec);
}

std::string_view path_of(const std::vector<std::string>& env) {
  constexpr std::string_view kName = "PATH=";
  for (const std::string& variable : env) {
    if (variable.starts_with(kName)) return std::string_view(variable).substr(kName.size());
  }
  return {};
}

std::vector<std::string> candidates(const std::string& program, std::string_view path) {
  if (program.find('/') != std::string::npos) return {program};
  std::vector<std::string> list;
  while (!program.empty()) {
    const std::size_t end = path.find(':');
    std::string folder(path.substr(0, end));
    list.push_back(folder.empty() ? "./" + program : folder + "/" + program);
    if (end == std::string_view::npos) break;
    path.remove_prefix(end + 1);
  }
  return list;
}

std::string explain_exec(const SpawnRequest& request, const std::vector<std::string>& programs,
                         int cause) {
  const std::string& name = request.argv[0];
  std::string found;
  for (const std::string& program : programs) {
    const std::string path = program[0] == '/' ? program : request.folder + "/" + program;
    struct stat status{};
    if (stat(path.c_str(), &status) != 0) continue;
    found = program;
    if (S_ISDIR(status.st_mode)) return "'" + program + "' is a folder, not a program";
    break;
  }
  if (cause == ENOENT && found.empty()) {
    if (name.find('/') != std::string::npos) return "program '" + name + "' does not exist";
    return "program '" + name + "' was not found in PATH (" + std::string(path_of(request.env)) +
           ")" + debian_hint(name);
  }
  switch (cause) {
    case ENOENT:
      return "'" + found + "' cannot be started: the interpreter that its first line names does " +
             "not exist";
    case EACCES:
      return "'" + (found.empty() ? name : found) +
             "' is not executable (Permission denied); chmod +x makes it so";
    case ENOEXEC:
      return "'" + found + "' is not a program: neither a binary for this machine nor a script " +
             "with a first line '#!…'";
    case E2BIG: return "the arguments and the environment of '" + name + "' are too large";
    default: return "'" + name + "' cannot be started: " + errno_text(cause);
  }
}

}  // namespace

std::vector<char*> pointers(const std::vector<std::string>& list) {
  std::vector<char*> out;
  out.reserve(list.size() + 1);
  for (const std::string& text : list) out.push_back(const_cast<char*>(text.c_str()));
  out.push_back(nullptr);
  return out;
}

Spawned spawn(const SpawnRequest& request) {
  const std::vector<std::string> programs = candidates(request.argv[0], path_of(request.env));
  const std::vector<char*> argv = pointers(request.argv);
  const std::vector<char*> env = pointers(request.env);
  const std::vector<char*> tried = pointers(programs);
  std::vector<int> joins;
  for (const Fd& join : request.joins) joins.push_back(join.get());
  joins.push_back(-1);
  Plan plan{argv.data(), env.data(),    tried.data(), request.folder.c_str(), request.umask,
            request.out, request.error, getpid(),     joins.data(),           request.limits};
  // One for all: the child is gone from it when clone returns, and a guardian has one thread.
  alignas(64) static std::array<std::byte, kStackBytes> stack;
  const int flags = CLONE_VM | CLONE_VFORK | SIGCHLD;
  const pid_t pid = clone(run_child, stack.data() + stack.size(), flags, &plan);
  const int clone_error = errno;
  if (pid < 0) return {-1, false, "no process can be made: " + errno_text(clone_error)};
  switch (plan.failed) {
    case Step::kNone: return {pid, false, {}};
    case Step::kGroup: return {-1, true, "its control group: " + errno_text(plan.cause)};
    case Step::kFolder:
      return {-1, false, "the working folder '" + request.folder + "': " + errno_text(plan.cause)};
    case Step::kFiles: return {-1, false, "its standard files: " + errno_text(plan.cause)};
    case Step::kExec: return {-1, false, explain_exec(request, programs, plan.cause)};
  }
  return {-1, false, "unknown"};
}

}  // namespace cordyna::local
