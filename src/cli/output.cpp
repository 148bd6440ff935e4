#include "cli/output.hpp"

#include <poll.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>

#include "base/text.hpp"

namespace cordyna::cli {
namespace {

bool is_set(const char* name) {
  const char* value = std::getenv(name);  // NOLINT(concurrency-mt-unsafe): nobody sets it
  return value != nullptr && *value != '\0';
}

bool is_dumb() {
  const char* term = std::getenv("TERM");  // NOLINT(concurrency-mt-unsafe): nobody sets it
  return term == nullptr || *term == '\0' || std::strcmp(term, "dumb") == 0;
}

}  // namespace

void Output::write(std::string_view text) {
  while (!text.empty() && error_ == 0) {
    const ssize_t done = ::write(fd_, text.data(), text.size());
    if (done >= 0) {
      text.remove_prefix(static_cast<std::size_t>(done));
    } else if (errno == EAGAIN) {
      // Somebody made the terminal non-blocking; it is shared with other programs.
      pollfd ready{fd_, POLLOUT, 0};
      ::poll(&ready, 1, -1);
    } else if (errno != EINTR) {
      error_ = errno;
    }
  }
}

Result<> Output::result() const {
  if (error_ == 0 || error_ == EPIPE || error_ == EIO) return {};
  return fail(ErrorCode::kUnavailable,
              std::string("cannot write to standard output: ") + std::strerror(error_));
}

bool Output::is_terminal() const {
  return ::isatty(fd_) == 1;
}

TerminalSize Output::size() const {
  winsize found{};
  TerminalSize size;
  if (::ioctl(fd_, TIOCGWINSZ, &found) != 0) return size;
  if (found.ws_col > 0) size.columns = found.ws_col;
  if (found.ws_row > 0) size.rows = found.ws_row;
  return size;
}

bool wants_colour(const Output& output) {
  return output.is_terminal() && !is_set("NO_COLOR") && !is_dumb();
}

bool can_draw(const Output& output) {
  return output.is_terminal() && !is_dumb();
}

void print_error(std::string_view message) {
  std::string text = "dyna: ";
  while (!message.empty()) {
    const std::size_t end = std::min(message.find('\n'), message.size());
    append_printable(text, message.substr(0, end));
    text += '\n';
    message.remove_prefix(std::min(end + 1, message.size()));
  }
  Output(STDERR_FILENO).write(text);
}

void print_hint(std::string_view line) {
  Output(STDERR_FILENO).write(std::string(line) + "\n");
}

}  // namespace cordyna::cli
