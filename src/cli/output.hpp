/// Standard output with its failures: full disks, closed pipes.
#pragma once

#include <string>
#include <string_view>

#include "base/result.hpp"
#include "cli/renderer.hpp"

namespace cordyna::cli {

/// Writes to a file descriptor until that fails; from then on it swallows everything, so that a run
/// goes on when nobody listens any more. Threads: one at a time.
class Output {
 public:
  explicit Output(int fd) : fd_(fd) {}

  /// All of `text`, waiting as long as it takes.
  void write(std::string_view text);
  /// Why writing ended, apart from a closed pipe: whoever closed it knows. Errors: kUnavailable.
  [[nodiscard]] Result<> result() const;
  /// The reader has gone: no reason to go on for commands that only print.
  [[nodiscard]] bool ended() const { return error_ != 0; }

  [[nodiscard]] bool is_terminal() const;
  [[nodiscard]] TerminalSize size() const;

 private:
  int fd_;
  int error_ = 0;  // errno of the first failure
};

/// Whether colours may be used: a terminal, without NO_COLOR, and not TERM=dumb.
[[nodiscard]] bool wants_colour(const Output& output);
/// Whether a live view can be drawn there.
[[nodiscard]] bool can_draw(const Output& output);

/// "dyna: <message>" on standard error, control characters escaped except line ends.
void print_error(std::string_view message);
/// A line of ours on standard error.
void print_hint(std::string_view line);

}  // namespace cordyna::cli
