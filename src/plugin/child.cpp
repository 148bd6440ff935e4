#include "plugin/child.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <signal.h>
#include <spawn.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>

#include "base/text.hpp"
#include "process/local/spawn.hpp"

namespace cordyna::plugin {
namespace {

using local::Fd;

struct Pipe {
  Fd read;
  Fd write;
};

Result<Pipe> make_pipe() {
  std::array<int, 2> ends{};
  if (::pipe2(ends.data(), O_CLOEXEC) != 0) {
    return fail(ErrorCode::kUnavailable, fmt::format("no pipe: {}", std::strerror(errno)));
  }
  return Pipe{Fd(ends[0]), Fd(ends[1])};
}

void never_block(const Fd& fd) {
  ::fcntl(fd.get(), F_SETFL, ::fcntl(fd.get(), F_GETFL) | O_NONBLOCK);
}

std::string why_not(const std::string& program, int error) {
  struct stat status{};
  if (error == ENOENT && program.find('/') == std::string::npos) return "it is not in PATH";
  if (error == ENOENT && ::stat(program.c_str(), &status) == 0) {
    return "the interpreter that its first line names is missing";
  }
  if (error == ENOENT) return "there is no such file";
  if (error == EACCES) return "it may not be executed; chmod +x it";
  if (error == ENOEXEC) return "it is no program: a script begins with #!";
  return std::strerror(error);
}

}  // namespace

Child::~Child() {
  if (pid_ <= 0 || ended_) return;
  ::kill(-pid_, SIGKILL);
  while (::waitpid(pid_, nullptr, 0) < 0 && errno == EINTR) {
  }
}

Result<> Child::start(const std::vector<std::string>& argv, const std::vector<std::string>& env,
                      const std::string& folder) {
  TRY_ASSIGN(Pipe input, make_pipe());
  TRY_ASSIGN(Pipe output, make_pipe());
  TRY_ASSIGN(Pipe error, make_pipe());
  posix_spawn_file_actions_t actions;
  ::posix_spawn_file_actions_init(&actions);
  ::posix_spawn_file_actions_addchdir_np(&actions, folder.c_str());
  ::posix_spawn_file_actions_adddup2(&actions, input.read.get(), STDIN_FILENO);
  ::posix_spawn_file_actions_adddup2(&actions, output.write.get(), STDOUT_FILENO);
  ::posix_spawn_file_actions_adddup2(&actions, error.write.get(), STDERR_FILENO);
  ::posix_spawn_file_actions_addclosefrom_np(&actions, 3);
  posix_spawnattr_t attributes;
  ::posix_spawnattr_init(&attributes);
  sigset_t all;
  sigfillset(&all);
  sigset_t none;
  sigemptyset(&none);
  ::posix_spawnattr_setsigdefault(&attributes, &all);
  ::posix_spawnattr_setsigmask(&attributes, &none);
  ::posix_spawnattr_setpgroup(&attributes, 0);
  ::posix_spawnattr_setflags(
      &attributes, POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETPGROUP);
  const int failed = ::posix_spawnp(&pid_, argv.front().c_str(), &actions, &attributes,
                                    local::pointers(argv).data(), local::pointers(env).data());
  ::posix_spawnattr_destroy(&attributes);
  ::posix_spawn_file_actions_destroy(&actions);
  if (failed != 0) {
    pid_ = -1;
    return fail(ErrorCode::kUnavailable,
                fmt::format("{} cannot be started: {}", printable(argv.front()),
                            why_not(argv.front(), failed)));
  }
  in = std::move(input.write);
  out = std::move(output.read);
  err = std::move(error.read);
  for (const Fd* one : {&in, &out, &err}) never_block(*one);
  return {};
}

void Child::signal(int number) const {
  if (pid_ > 0 && !ended_) ::kill(-pid_, number);
}

bool Child::has_ended() {
  if (ended_ || pid_ <= 0) return true;
  // Its number stays taken until its group has had the last signal.
  siginfo_t info{};
  if (::waitid(P_PID, static_cast<id_t>(pid_), &info, WEXITED | WNOHANG | WNOWAIT) != 0 ||
      info.si_pid == 0) {
    return false;
  }
  ::kill(-pid_, SIGKILL);  // whom it has left behind in its group
  while (::waitpid(pid_, &status_, 0) < 0 && errno == EINTR) {
  }
  ended_ = true;
  return true;
}

std::string end_text(int status) {
  if (WIFEXITED(status)) return fmt::format("exit code {}", WEXITSTATUS(status));
  const char* const name = ::sigabbrev_np(WTERMSIG(status));
  return name == nullptr ? fmt::format("signal {}", WTERMSIG(status))
                         : fmt::format("signal {} (SIG{})", WTERMSIG(status), name);
}

bool Lines::next(std::string_view& line) {
  const std::size_t end = rest_.find('\n', begin_);
  if (end == std::string::npos) {
    rest_.erase(0, begin_);
    begin_ = 0;
    return false;
  }
  line = std::string_view(rest_).substr(begin_, end - begin_);
  if (line.size() > most_) return false;
  begin_ = end + 1;
  if (line.ends_with('\r')) line.remove_suffix(1);
  return true;
}

}  // namespace cordyna::plugin
