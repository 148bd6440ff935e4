#include "process/data/child.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdlib>
#include <cstring>

namespace cordyna::data {
namespace {

sigset_t end_signals() {
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGTERM);
  sigaddset(&set, SIGINT);
  sigaddset(&set, SIGHUP);
  return set;
}

class Fd {
 public:
  explicit Fd(int fd = -1) : fd_(fd) {}
  ~Fd() { reset(); }
  Fd(const Fd&) = delete;
  Fd& operator=(const Fd&) = delete;
  [[nodiscard]] int get() const { return fd_; }
  void set(int fd) {
    reset();
    fd_ = fd;
  }
  void reset() {
    if (fd_ >= 0) close(fd_);
    fd_ = -1;
  }

 private:
  int fd_;
};

struct Pipe {
  Fd read;
  Fd write;
};

Result<> open_pipe(Pipe& pipe) {
  std::array<int, 2> ends{};
  if (pipe2(ends.data(), O_CLOEXEC) != 0) {
    return fail(ErrorCode::kUnavailable, fmt::format("no pipe: {}", std::strerror(errno)));
  }
  pipe.read.set(ends[0]);
  pipe.write.set(ends[1]);
  return {};
}

/// What exec wants, made before the fork: the child must not allocate.
struct ExecTable {
  std::vector<std::string> texts;
  std::vector<char*> argv;
  std::vector<char*> env;

  explicit ExecTable(const ChildSpec& spec) {
    texts.reserve(spec.argv.size() + spec.env.size());
    for (const std::string& word : spec.argv) texts.push_back(word);
    for (const auto& [name, value] : spec.env) texts.push_back(name + "=" + value);
    for (std::size_t i = 0; i < texts.size(); ++i) {
      (i < spec.argv.size() ? argv : env).push_back(texts[i].data());
    }
    argv.push_back(nullptr);
    env.push_back(nullptr);
  }
};

[[noreturn]] void become_child(const ChildSpec& spec, const ExecTable& table, const Pipe& out,
                               const Pipe& err, const Pipe& failure, pid_t parent) {
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (getppid() != parent) _exit(127);  // it died before prctl
  const int null = open("/dev/null", O_RDONLY);
  if (null < 0 || dup2(null, 0) < 0 || dup2(out.write.get(), 1) < 0 ||
      dup2(err.write.get(), 2) < 0 || chdir(spec.folder.c_str()) != 0) {
    const int error = errno;
    (void)!write(failure.write.get(), &error, sizeof error);
    _exit(127);
  }
  // The tables of TSan, which lives on until the program is there, have no room in it.
#ifndef CORDYNA_TSAN
  if (spec.data_bytes_max > 0) {
    const rlimit limit{spec.data_bytes_max, spec.data_bytes_max};
    setrlimit(RLIMIT_DATA, &limit);
  }
#endif
  const rlimit no_core{0, 0};
  setrlimit(RLIMIT_CORE, &no_core);
  sigset_t none;
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, nullptr);
  signal(SIGPIPE, SIG_DFL);
  execve(table.argv[0], table.argv.data(), table.env.data());
  const int error = errno;
  (void)!write(failure.write.get(), &error, sizeof error);
  _exit(127);
}

/// False: the end of the stream.
bool take(int fd, std::string& into) {
  std::array<char, 65536> buffer{};
  const ssize_t n = read(fd, buffer.data(), buffer.size());
  if (n < 0) return errno == EINTR || errno == EAGAIN;
  const std::size_t room = kChildBytesMax - into.size();
  into.append(buffer.data(), std::min(static_cast<std::size_t>(n), room));
  return n > 0;
}

void gather(pid_t pid, Pipe& out, Pipe& err, const EndSignals& signals, ChildEnd& end) {
  while (out.read.get() >= 0 || err.read.get() >= 0) {
    std::array<pollfd, 3> fds{pollfd{out.read.get(), POLLIN, 0}, pollfd{err.read.get(), POLLIN, 0},
                              pollfd{end.cancelled ? -1 : signals.descriptor(), POLLIN, 0}};
    if (poll(fds.data(), fds.size(), -1) < 0 && errno != EINTR) break;
    if (fds[0].revents != 0 && !take(out.read.get(), end.out)) out.read.reset();
    if (fds[1].revents != 0 && !take(err.read.get(), end.err)) err.read.reset();
    if (fds[2].revents != 0 && signals.asked_to_end()) {
      end.cancelled = true;
      kill(pid, SIGKILL);
    }
  }
}

}  // namespace

EndSignals::EndSignals() {
  const sigset_t set = end_signals();
  sigprocmask(SIG_BLOCK, &set, nullptr);
  fd_ = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
}

EndSignals::~EndSignals() {
  if (fd_ >= 0) close(fd_);
  const sigset_t set = end_signals();
  sigprocmask(SIG_UNBLOCK, &set, nullptr);
}

bool EndSignals::asked_to_end() const {
  signalfd_siginfo taken{};
  while (fd_ >= 0 && read(fd_, &taken, sizeof taken) > 0) asked_ = true;
  return asked_;
}

Result<ChildEnd> run_child(const ChildSpec& spec, const EndSignals& signals) {
  Pipe out;
  Pipe err;
  Pipe failure;
  TRY(open_pipe(out));
  TRY(open_pipe(err));
  TRY(open_pipe(failure));
  const ExecTable table(spec);
  const pid_t parent = getpid();
  const pid_t pid = fork();
  if (pid < 0) {
    return fail(ErrorCode::kUnavailable, fmt::format("no process: {}", std::strerror(errno)));
  }
  if (pid == 0) become_child(spec, table, out, err, failure, parent);
  out.write.reset();
  err.write.reset();
  failure.write.reset();
  ChildEnd end;
  gather(pid, out, err, signals, end);
  int status = 0;
  rusage used{};
  while (wait4(pid, &status, 0, &used) < 0 && errno == EINTR) {
  }
  end.memory_peak_bytes = static_cast<std::uint64_t>(used.ru_maxrss) * 1024;  // Linux counts in KiB
  int error = 0;
  if (read(failure.read.get(), &error, sizeof error) == static_cast<ssize_t>(sizeof error)) {
    return fail(ErrorCode::kUnavailable,
                fmt::format("{}: {}", spec.argv.front(), std::strerror(error)));
  }
  if (WIFEXITED(status)) end.exit_code = WEXITSTATUS(status);
  if (WIFSIGNALED(status)) end.signal = WTERMSIG(status);
  return end;
}

}  // namespace cordyna::data
