#include "process/local/fork_server.hpp"

#include <fcntl.h>
#include <poll.h>
#include <sys/file.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <utility>
#include <vector>

#include "model/layout.hpp"
#include "process/local/attempt_folder.hpp"
#include "process/local/attempt_run.hpp"
#include "process/local/files.hpp"
#include "process/local/guardian.hpp"
#include "process/local/proc.hpp"
#include "process/local/protocol.hpp"

namespace cordyna {
namespace {

using local::Fd;

constexpr int kFirstOwnerMs = 10'000;
constexpr int kSweepMs = 50;
constexpr int kBacklog = 64;

class ForkServer {
 public:
  ForkServer(Fd state, Fd signals, Fd lock, Fd listener, std::string socket_name, std::string boot)
      : state_(std::move(state)),
        signals_(std::move(signals)),
        lock_(std::move(lock)),
        listener_(std::move(listener)),
        socket_name_(std::move(socket_name)),
        boot_(std::move(boot)) {}

  void serve() {
    while (!done_) {
      wait_for_news();
      if (had_owner_ && owners_.empty() && guardians_.empty() && !sweeping_) done_ = true;
      if (done_) accept_owners();  // one that connected just now is still served
      if (!owners_.empty() && !terminated_) done_ = false;
    }
    unlinkat(state_.get(), socket_name_.c_str(), 0);
  }

 private:
  void wait_for_news() {
    std::vector<pollfd> fds{{signals_.get(), POLLIN, 0}, {listener_.get(), POLLIN, 0}};
    for (const Fd& owner : owners_) fds.push_back({owner.get(), POLLIN, 0});
    const int wait = sweeping_ ? kSweepMs : had_owner_ ? -1 : kFirstOwnerMs;
    const int ready = poll(fds.data(), fds.size(), wait);
    if (ready < 0 && errno != EINTR) done_ = true;
    if (ready == 0 && !sweeping_) done_ = true;  // nobody came
    if (ready > 0) {
      for (std::size_t i = owners_.size(); i-- > 0;) {
        if (fds[i + 2].revents != 0 && !serve_owner(owners_[i])) {
          owners_.erase(owners_.begin() + static_cast<std::ptrdiff_t>(i));
        }
      }
      if (fds[0].revents != 0 && local::take_signals(signals_.get())) done_ = terminated_ = true;
      if (fds[1].revents != 0) accept_owners();
    }
    reap();
    if (sweeping_) sweep();
  }

  void accept_owners() {
    while (true) {
      Fd owner(accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC));
      if (!owner.valid()) return;
      had_owner_ = true;
      owners_.push_back(std::move(owner));
    }
  }

  /// False: the owner is gone.
  bool serve_owner(const Fd& owner) {
    std::string bytes;
    while (true) {
      Fd passed;
      switch (local::receive_message(owner.get(), bytes, passed)) {
        case local::Received::kNothing: return true;
        case local::Received::kEnd: return false;
        case local::Received::kMessage: break;
      }
      if (bytes.size() < 2 || bytes[0] != 'G' || bytes[1] != local::kProtocolVersion) return false;
      if (passed.valid()) make_guardian(std::move(passed));
    }
  }

  void make_guardian(Fd end) {
    const pid_t pid = fork();
    if (pid < 0) {
      const local::Message message{'F', {}, std::to_string(errno)};
      (void)local::send_message(end.get(), local::encode(message), -1, false);
      return;
    }
    if (pid > 0) {
      guardians_.push_back(pid);
      return;
    }
    // What stays open here would stay open in a guardian: the lock would outlive this server, and
    // owners would not see it die.
    lock_.reset();
    listener_.reset();
    owners_.clear();
    local::GuardianPost post;
    post.state = state_.get();
    post.signals = signals_.get();
    post.owner = std::move(end);
    post.boot = boot_;
    local::run_guardian(std::move(post));
  }

  void reap() {
    while (true) {
      int status = 0;
      const pid_t pid = waitpid(-1, &status, WNOHANG);
      if (pid <= 0) return;
      if (std::erase(guardians_, pid) == 0 || !WIFSIGNALED(status)) continue;
      sweeping_ = true;
      local::remove_tree(state_.get(), local::next_folder_name(pid).c_str());
    }
  }

  /// A guardian was killed: its tasks' processes are our children now, for we are a subreaper too.
  void sweep() {
    const std::vector<local::ProcessInfo> all = local::all_processes();
    std::vector<pid_t> orphans;
    for (const local::ProcessInfo& info : all) {
      if (info.parent == getpid() &&
          std::ranges::find(guardians_, info.id.pid) == guardians_.end()) {
        orphans.push_back(info.id.pid);
        local::signal_process(info.id, SIGKILL);
      }
    }
    for (const local::ProcessInfo& info : local::descendants(all, orphans)) {
      local::signal_process(info.id, SIGKILL);
    }
    sweeping_ = !orphans.empty();
    if (!sweeping_ && local::groups_wanted()) local::remove_left_groups(local::find_groups());
  }

  Fd state_;
  Fd signals_;
  Fd lock_;
  Fd listener_;
  std::string socket_name_;
  std::string boot_;
  std::vector<Fd> owners_;
  std::vector<pid_t> guardians_;
  bool had_owner_ = false;
  bool sweeping_ = false;
  bool terminated_ = false;
  bool done_ = false;
};

int answer(const std::string& line, int code) {
  (void)local::write_all(STDOUT_FILENO, line + "\n");
  return code;
}

int answer_errno(const std::string& what) {
  return answer("error: " + what + ": " + local::errno_text(errno), 1);
}

/// Tasks inherit the dispositions: a `nohup` around the owner must not reach them.
Fd take_over_signals() {
  for (int signal = 1; signal < NSIG; ++signal) ::signal(signal, SIG_DFL);
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGTERM);
  sigaddset(&set, SIGCHLD);
  sigset_t blocked = set;
  sigaddset(&blocked, SIGXFSZ);  // `ulimit -f` reached: a write that fails is enough
  sigprocmask(SIG_SETMASK, &blocked, nullptr);
  return Fd(signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK));
}

Fd listen_at(const StateLayout& layout, const Fd& state, const std::string& name) {
  Fd listener(socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!listener.valid()) return listener;
  unlinkat(state.get(), name.c_str(), 0);
  const sockaddr_un address = local::socket_address(layout.supervise_socket(), state.get());
  const mode_t before = umask(0177);
  const int bound =
      bind(listener.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address);
  umask(before);
  if (bound != 0 || listen(listener.get(), kBacklog) != 0) listener.reset();
  return listener;
}

/// Descriptors 0, 1, 2 of a background process; guardians and their tasks inherit them.
void detach() {
  setsid();
  const int null = open("/dev/null", O_RDWR | O_CLOEXEC);
  for (int fd = 0; fd <= 2; ++fd) dup2(null, fd);
  if (null > 2) close(null);
  prctl(PR_SET_CHILD_SUBREAPER, 1);
  prctl(PR_SET_NAME, "dyna-supervise");
}

}  // namespace

int supervise_main(const std::string& folder) {
  syscall(SYS_close_range, 3, ~0U, 0);
  umask(077);
  const StateLayout layout(folder);
  const std::string boot = local::boot_id();
  if (boot.empty() || !local::process_info(getpid()).has_value()) {
    return answer("error: /proc is not mounted; processes cannot be told apart without it", 1);
  }
  Fd signals = take_over_signals();
  if (!signals.valid()) return answer_errno("signalfd");
  Fd state = local::open_folder(AT_FDCWD, folder.c_str());
  if (!state.valid()) return answer_errno(folder);
  Fd lock(openat(state.get(), "supervise.lock", O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600));
  if (!lock.valid()) return answer_errno(folder + "/supervise.lock");
  if (flock(lock.get(), LOCK_EX | LOCK_NB) != 0) {
    return errno == EWOULDBLOCK ? answer("taken", 0) : answer_errno("locking supervise.lock");
  }
  const std::string path = layout.supervise_socket();
  const std::string name = path.substr(path.rfind('/') + 1);
  Fd listener = listen_at(layout, state, name);
  if (!listener.valid()) return answer_errno(path);
  if (chdir("/") != 0) return answer_errno("/");
  const pid_t background = fork();
  if (background < 0) return answer_errno("fork");
  if (background > 0) {
    // Not "return": the objects above belong to the background process now.
    _exit(answer("ready", 0));
  }
  detach();
  ForkServer(std::move(state), std::move(signals), std::move(lock), std::move(listener), name, boot)
      .serve();
  _exit(0);
}

}  // namespace cordyna
