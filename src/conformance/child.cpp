#include "conformance/child.hpp"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "conformance/entry.hpp"

extern char** environ;  // NOLINT: as POSIX has it

namespace cordyna::conformance {
namespace {

std::vector<std::string> environment(
    const std::vector<std::pair<std::string, std::string>>& variables) {
  std::vector<std::string> out;
  for (char** one = ::environ; *one != nullptr; ++one) {
    const std::string text = *one;
    const bool ours = std::ranges::any_of(
        variables, [&text](const auto& given) { return text.starts_with(given.first + "="); });
    if (!ours) out.push_back(text);
  }
  for (const auto& [name, value] : variables) out.push_back(name + "=" + value);
  return out;
}

/// Between fork and exec: nothing that takes a lock.
[[noreturn]] void become(int log, char* const* argv, char* const* variables) {
  ::setpgid(0, 0);
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  const int null = ::open("/dev/null", O_RDONLY);
  ::dup2(null, STDIN_FILENO);
  ::dup2(log, STDOUT_FILENO);
  ::dup2(log, STDERR_FILENO);
  // A connection that the kit cuts must not stay open here.
  ::close_range(3, ~0U, 0);
  sigset_t none;
  ::sigemptyset(&none);
  ::sigprocmask(SIG_SETMASK, &none, nullptr);
  ::signal(SIGPIPE, SIG_DFL);  // NOLINT(cert-err33-c)
  ::execve("/bin/sh", argv, variables);
  ::_exit(127);
}

}  // namespace

Result<> Child::start(const std::string& command,
                      const std::vector<std::pair<std::string, std::string>>& variables,
                      const std::string& log) {
  // The shell may stay between: it outlives a SIGTERM to the group, and has the server's exit code.
  std::vector<std::string> words{"sh", "-c", "trap : TERM\n" + command};
  std::vector<std::string> settings = environment(variables);
  std::vector<char*> argv;
  argv.reserve(words.size() + 1);
  for (std::string& word : words) argv.push_back(word.data());
  argv.push_back(nullptr);
  std::vector<char*> pointers;
  pointers.reserve(settings.size() + 1);
  for (std::string& one : settings) pointers.push_back(one.data());
  pointers.push_back(nullptr);
  const int out = ::open(log.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
  if (out < 0) return fail(ErrorCode::kUnavailable, log + ": " + std::strerror(errno));
  pid_ = ::fork();
  if (pid_ == 0) become(out, argv.data(), pointers.data());
  const int error = errno;
  ::close(out);
  if (pid_ < 0) return fail(ErrorCode::kUnavailable, std::string("fork: ") + std::strerror(error));
  ::setpgid(pid_, pid_);  // both do, so that a kill right away finds the group
  return {};
}

void Child::signal(int number) const {
  if (pid_ > 0) ::kill(-pid_, number);
}

void Child::kill() {
  if (pid_ <= 0) return;
  ::kill(-pid_, SIGKILL);
  int status = 0;
  while (::waitpid(pid_, &status, 0) < 0 && errno == EINTR) {
  }
  pid_ = -1;
}

std::optional<int> Child::wait(Millis patience) {
  if (pid_ <= 0) return -1;
  const int handle = static_cast<int>(::syscall(SYS_pidfd_open, pid_, 0));
  if (handle >= 0) {
    pollfd item{handle, POLLIN, 0};
    const Millis until = steady_now() + patience;
    while (true) {
      const Millis left = std::max<Millis>(until - steady_now(), 0);
      if (::poll(&item, 1, static_cast<int>(left)) >= 0 || errno != EINTR) break;
    }
    ::close(handle);
  }
  int status = 0;
  if (::waitpid(pid_, &status, WNOHANG) != pid_) return std::nullopt;
  ::kill(-pid_, SIGKILL);  // what it has left behind
  pid_ = -1;
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

}  // namespace cordyna::conformance
