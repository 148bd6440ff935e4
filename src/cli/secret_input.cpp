#include "cli/secret_input.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <termios.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <optional>

#include "base/text.hpp"
#include "base/wipe.hpp"
#include "cli/signals.hpp"
#include "cli/unix_socket.hpp"
#include "ports/secrets.hpp"

namespace cordyna::cli {
namespace {

/// One byte too many, and the end of a line, show that a value is too long.
constexpr std::size_t kReadMax = kSecretValueMax + 3;

std::unexpected<Error> unreadable(const std::string& what, int error) {
  const bool missing = error == ENOENT || error == ENOTDIR;
  return fail(missing ? ErrorCode::kNotFound : ErrorCode::kUnavailable,
              fmt::format("cannot read the value from {}: {}", what, std::strerror(error)));
}

/// A terminal that does not show what is typed, as long as it lives.
class Unseen {
 public:
  Unseen() {
    ok_ = ::tcgetattr(STDIN_FILENO, &before_) == 0;
    if (!ok_) return;
    termios now = before_;
    now.c_lflag &= ~static_cast<tcflag_t>(ECHO);
    now.c_lflag |= ECHONL;
    // Stopped or dumped here, it would leave a terminal behind that shows nothing.
    now.c_cc[VSUSP] = _POSIX_VDISABLE;
    now.c_cc[VQUIT] = _POSIX_VDISABLE;
    ok_ = ::tcsetattr(STDIN_FILENO, TCSAFLUSH, &now) == 0;
  }
  ~Unseen() {
    if (ok_) ::tcsetattr(STDIN_FILENO, TCSAFLUSH, &before_);
  }
  Unseen(const Unseen&) = delete;
  Unseen& operator=(const Unseen&) = delete;
  [[nodiscard]] bool ok() const { return ok_; }

 private:
  termios before_{};
  bool ok_ = false;
};

/// Nullopt: a signal asks to leave. Errors of poll() count as readable: read() will tell.
std::optional<bool> wait_for_input(Signals& signals) {
  std::array<pollfd, 2> fds{{{STDIN_FILENO, POLLIN, 0}, {signals.fd(), POLLIN, 0}}};
  while (true) {
    if (::poll(fds.data(), fds.size(), -1) < 0 && errno == EINTR) continue;
    if (fds[1].revents == 0) return true;
    while (const auto signal = signals.next()) {
      if (*signal != Signal::kResized) return std::nullopt;
    }
    if (fds[0].revents != 0) return true;
  }
}

/// Up to the end of the file, or of the first line where `line` says so.
int read_some(int fd, bool line, std::string& value, Signals* signals) {
  value.reserve(kReadMax);  // growing would leave copies behind
  std::array<char, 4096> buffer{};
  int error = 0;
  while (value.size() < kReadMax) {
    if (signals != nullptr && !wait_for_input(*signals).has_value()) {
      error = ECANCELED;
      break;
    }
    const std::size_t want = std::min(buffer.size(), kReadMax - value.size());
    const ssize_t count = ::read(fd, buffer.data(), want);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) error = errno;
    if (count <= 0) break;
    value.append(buffer.data(), static_cast<std::size_t>(count));
    if (line && value.back() == '\n') break;
  }
  ::explicit_bzero(buffer.data(), buffer.size());
  return error;
}

Result<std::string> ask(const std::string& what) {
  Signals signals;
  const Unseen unseen;
  if (!unseen.ok()) return unreadable("the terminal", errno);
  const std::string prompt = fmt::format("{} (not shown): ", printable(what));
  if (::write(STDERR_FILENO, prompt.data(), prompt.size()) < 0) {
    return unreadable("the terminal", errno);
  }
  std::string value;
  const int error = read_some(STDIN_FILENO, true, value, &signals);
  if (error == 0) return value;
  wipe_secret(value);
  if (error != ECANCELED) return unreadable("the terminal", error);
  return fail(ErrorCode::kCancelled, "nothing was set");
}

void drop_line_end(std::string& value) {
  if (!value.ends_with('\n')) return;
  value.pop_back();
  if (value.ends_with('\r')) value.pop_back();
}

Result<std::string> read_from(int fd, const std::string& what) {
  std::string value;
  const int error = read_some(fd, false, value, nullptr);
  if (error == 0) return value;
  wipe_secret(value);
  return unreadable(what, error);
}

}  // namespace

Result<std::string> read_secret_value(const std::string& name, const std::string& file) {
  if (!file.empty()) {
    const Fd opened(::open(file.c_str(), O_RDONLY | O_CLOEXEC | O_NOCTTY));
    if (!opened.valid()) return unreadable(printable(file), errno);
    return read_from(opened.get(), printable(file));
  }
  return read_hidden("Value of " + name, {});
}

Result<std::string> read_hidden(const std::string& what, const std::string& file) {
  std::string value;
  if (!file.empty()) {
    TRY_ASSIGN(value, read_secret_value(what, file));
  } else {
    const bool terminal = ::isatty(STDIN_FILENO) == 1;
    TRY_ASSIGN(value, terminal ? ask(what) : read_from(STDIN_FILENO, "standard input"));
  }
  drop_line_end(value);
  return value;
}

}  // namespace cordyna::cli
