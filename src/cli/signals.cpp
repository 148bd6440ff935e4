#include "cli/signals.hpp"

#include <fcntl.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <csignal>

namespace cordyna::cli {
namespace {

sigset_t ours() {
  sigset_t set;
  sigemptyset(&set);
  for (const int signal : {SIGINT, SIGTERM, SIGHUP, SIGWINCH}) sigaddset(&set, signal);
  return set;
}

bool has_terminal() {
  return Fd(::open("/dev/tty", O_RDONLY | O_CLOEXEC | O_NOCTTY)).valid();
}

}  // namespace

Signals::Signals(HangUp hang_up) : hang_up_(hang_up), had_terminal_(has_terminal()) {
  const sigset_t set = ours();
  pthread_sigmask(SIG_BLOCK, &set, nullptr);
  std::signal(SIGPIPE, SIG_IGN);
  fd_ = Fd(::signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK));
}

Signals::~Signals() {
  const sigset_t set = ours();
  pthread_sigmask(SIG_UNBLOCK, &set, nullptr);
}

std::optional<Signal> Signals::next() {
  signalfd_siginfo info{};
  if (::read(fd_.get(), &info, sizeof info) != static_cast<ssize_t>(sizeof info)) {
    return std::nullopt;
  }
  switch (info.ssi_signo) {
    case SIGINT: return Signal::kInterrupt;
    case SIGWINCH: return Signal::kResized;
    case SIGHUP: {
      const bool terminal_gone = info.ssi_code > 0 || (had_terminal_ && !has_terminal());
      return hang_up_ == HangUp::kReload && !terminal_gone ? Signal::kReload : Signal::kLeave;
    }
    default: return Signal::kLeave;
  }
}

}  // namespace cordyna::cli
