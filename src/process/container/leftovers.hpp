/// Containers that outlived who ran them: found by their labels, and removed.
///
/// Who runs a container holds a lock on a file of its attempt for as long as it lives; a container
/// whose file nobody holds is nobody's. Threads: one.
#pragma once

#include <string>

#include "base/result.hpp"
#include "docker/daemon.hpp"

namespace cordyna::container {

// Labels of every container that a task runs.
inline constexpr const char* kAttemptLabel = "io.cordyna.attempt";  ///< "<run id>/<path>/<n>"
inline constexpr const char* kTaskLabel = "io.cordyna.task";        ///< "<run id>/<path>"
inline constexpr const char* kStateLabel = "io.cordyna.state";      ///< whose: state_mark
inline constexpr const char* kLockLabel = "io.cordyna.lock";        ///< the file that is held

/// Tells the state folder apart from others, also from one of the same path on another file system:
/// a daemon may serve several.
[[nodiscard]] std::string state_mark(const std::string& state_folder);

/// A lock that lives as long as this process, however it ends.
class AttemptLock {
 public:
  AttemptLock() = default;
  ~AttemptLock();
  AttemptLock(AttemptLock&& other) noexcept;
  AttemptLock(const AttemptLock&) = delete;
  AttemptLock& operator=(const AttemptLock&) = delete;

  /// Errors: kUnavailable: the file cannot be made; kConflict: somebody holds it.
  [[nodiscard]] static Result<AttemptLock> take(const std::string& path);

 private:
  explicit AttemptLock(int fd) : fd_(fd) {}
  int fd_ = -1;
};

/// Whether somebody holds the lock; a file that is not there is held by nobody.
[[nodiscard]] bool is_held(const std::string& path);

/// Removes the containers of former attempts of the task, which nobody waits for any more, and
/// those of the state folder that are nobody's. `mine` is the attempt that goes on: what it began
/// is taken up. How many were removed. Errors: those of Daemon.
[[nodiscard]] Result<int> remove_leftovers(docker::Daemon& daemon, const std::string& state,
                                           const std::string& task, const std::string& mine);

}  // namespace cordyna::container
