/// A plugin's program as a child in a process group of its own, with its three standard streams.
///
/// Threads: one at a time.
#pragma once

#include <sys/types.h>

#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "process/local/fd.hpp"

namespace cordyna::plugin {

class Child {
 public:
  Child() = default;
  /// Kills its group, and waits, if nobody has.
  ~Child();
  Child(const Child&) = delete;
  Child& operator=(const Child&) = delete;

  /// `env`: "NAME=value", all of it. Default signals, no open file of ours. Once. Errors:
  /// kUnavailable: what is missing, or forbidden.
  [[nodiscard]] Result<> start(const std::vector<std::string>& argv,
                               const std::vector<std::string>& env, const std::string& folder);

  /// To all of its group.
  void signal(int number) const;
  /// Whether it has ended; then `status` holds, as of waitpid.
  [[nodiscard]] bool has_ended();
  [[nodiscard]] int status() const { return status_; }
  [[nodiscard]] bool started() const { return pid_ > 0; }

  local::Fd in;  ///< our ends; none of them blocks
  local::Fd out;
  local::Fd err;

 private:
  pid_t pid_ = -1;
  int status_ = 0;
  bool ended_ = false;
};

/// "exit code 3", "signal 9 (SIGKILL)".
[[nodiscard]] std::string end_text(int status);

/// Bytes to lines. A line of more than `most` bytes is one that is too long: reading ends there.
class Lines {
 public:
  explicit Lines(std::size_t most) : most_(most) {}
  void add(std::string_view bytes) { rest_.append(bytes); }
  /// Without its end; false: none is whole. Borrowed until the next call of anything.
  [[nodiscard]] bool next(std::string_view& line);
  [[nodiscard]] bool too_long() const { return rest_.size() - begin_ > most_; }
  /// What is left, without a line end.
  [[nodiscard]] std::string_view rest() const { return std::string_view(rest_).substr(begin_); }

 private:
  std::size_t most_;
  std::string rest_;
  std::size_t begin_ = 0;
};

}  // namespace cordyna::plugin
