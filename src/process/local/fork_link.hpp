/// The owner's way to its fork server: connects when needed, starts one when there is none.
#pragma once

#include <sys/types.h>

#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "model/layout.hpp"
#include "process/local/fd.hpp"

namespace cordyna::local {

/// A fork server that is starting: milliseconds in which its owner can do something else.
/// Threads: none.
class ServerStart {
 public:
  /// `argv`: as for ForkLink.
  ServerStart(const StateLayout& layout, std::vector<std::string> argv);
  /// One that nobody waited for is told that it is not needed, and ends.
  ~ServerStart();
  ServerStart(const ServerStart&) = delete;
  ServerStart& operator=(const ServerStart&) = delete;

  /// Until it serves, or says why not; true: it is another one that serves, or is about to end.
  [[nodiscard]] Result<bool> wait();

 private:
  StateLayout layout_;
  std::vector<std::string> argv_;
  Result<pid_t> pid_;  ///< 0: it was waited for
  Fd answer_;
};

/// Threads: any. The mutex is held while a server is started (milliseconds, once) or asked (a
/// send).
class ForkLink {
 public:
  /// `supervise_argv`: the program that calls supervise_main; an absolute path first. `starting`:
  /// one that was started with it already, or null.
  ForkLink(const StateLayout& layout, std::vector<std::string> supervise_argv,
           std::shared_ptr<ServerStart> starting);

  /// A new guardian: the owner's end of its socket pair. It may still come to nothing: then the end
  /// closes. Errors: kUnavailable, saying why no server can be reached or started.
  [[nodiscard]] Result<Fd> new_guardian();

 private:
  [[nodiscard]] Result<> connect();
  [[nodiscard]] Result<> start_server();

  const StateLayout layout_;
  const std::vector<std::string> argv_;
  std::mutex mutex_;                       ///< guards what follows
  std::shared_ptr<ServerStart> starting_;  ///< null: none, or it was waited for
  Fd socket_;
};

}  // namespace cordyna::local
