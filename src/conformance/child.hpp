/// The server under test as a process of its own group.
#pragma once

#include <sys/types.h>

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/result.hpp"
#include "base/time.hpp"

namespace cordyna::conformance {

/// Threads: one at a time.
class Child {
 public:
  Child() = default;
  /// Kills what is left.
  ~Child() { kill(); }
  Child(const Child&) = delete;
  Child& operator=(const Child&) = delete;

  /// `sh -c command`, in the working folder, with these variables added; both outputs are appended
  /// to the file `log`. One at a time: the one before has ended. Errors: kUnavailable.
  [[nodiscard]] Result<> start(const std::string& command,
                               const std::vector<std::pair<std::string, std::string>>& variables,
                               const std::string& log);
  /// To all of the group.
  void signal(int number) const;
  /// SIGKILL to all of the group, and waits.
  void kill();
  /// The exit code, 128 + the signal that ended it. Nullopt: it still runs after so many
  /// milliseconds. -1: it was never started, or its end was told before.
  [[nodiscard]] std::optional<int> wait(Millis patience);

 private:
  pid_t pid_ = -1;
};

}  // namespace cordyna::conformance
