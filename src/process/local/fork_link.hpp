/// The owner's way to its fork server: connects when needed, starts one when there is none.
#pragma once

#include <mutex>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "model/layout.hpp"
#include "process/local/fd.hpp"

namespace cordyna::local {

/// Threads: any. The mutex is held while a server is started (milliseconds, once) or asked (a
/// send).
class ForkLink {
 public:
  /// `supervise_argv`: the program that calls supervise_main; an absolute path first.
  ForkLink(const StateLayout& layout, std::vector<std::string> supervise_argv);

  /// A new guardian: the owner's end of its socket pair. It may still come to nothing: then the end
  /// closes. Errors: kUnavailable, saying why no server can be reached or started.
  [[nodiscard]] Result<Fd> new_guardian();

 private:
  [[nodiscard]] Result<> connect();
  [[nodiscard]] Result<> start_server() const;

  const std::string socket_path_;
  const std::string folder_path_;
  const std::vector<std::string> argv_;
  std::mutex mutex_;
  Fd socket_;  ///< guarded by mutex_
};

}  // namespace cordyna::local
