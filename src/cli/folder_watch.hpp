/// Tells when YAML files in a folder or below it change: by inotify, without looking again and
/// again.
#pragma once

#include <map>
#include <string>

#include "base/result.hpp"
#include "cli/unix_socket.hpp"

namespace cordyna::cli {

/// Follows folders that are made, moved or removed meanwhile; those whose name begins with a dot
/// are left out, and so are files that no flow is made of. Threads: one.
class FolderWatch {
 public:
  /// `folder` is absolute. Changes from here on are told. Errors: kUnavailable: too many watches,
  /// or the folder cannot be read.
  [[nodiscard]] static Result<FolderWatch> start(const std::string& folder);

  /// One more folder, but nothing below it.
  [[nodiscard]] Result<> also(const std::string& folder);

  /// For poll: readable when there is something to take.
  [[nodiscard]] int fd() const { return fd_.get(); }
  /// Takes all that is there: whether anything changed that flows are made of. Errors:
  /// kUnavailable: a new folder cannot be watched.
  [[nodiscard]] Result<bool> take_changes();

 private:
  FolderWatch(Fd fd, std::string folder) : fd_(std::move(fd)), folder_(std::move(folder)) {}

  [[nodiscard]] Result<> add(const std::string& folder);
  [[nodiscard]] Result<> add_tree(const std::string& folder);
  void forget_below(const std::string& folder);

  Fd fd_;
  std::string folder_;
  std::map<int, std::string> folders_;  // by their watches
};

}  // namespace cordyna::cli
