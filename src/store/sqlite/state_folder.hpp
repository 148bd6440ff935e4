/// The folder around the database: its making, who owns it, and where it must not be.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "base/result.hpp"
#include "model/layout.hpp"

namespace cordyna::sqlite {

/// Makes the folder (0700) if it is missing, and refuses network file systems, whose locks and
/// shared memory SQLite cannot rely on. Errors: kUnavailable.
[[nodiscard]] Result<> prepare_folder(const StateLayout& layout);

/// What to call the network file system that statfs' `type` stands for, or, for FUSE, its name in
/// the mount table. Nullopt: local. Of FUSE, only file systems known to be local pass.
[[nodiscard]] std::optional<std::string> network_file_system(std::uint64_t type,
                                                             std::string_view fuse_name);

/// The exclusive right to a state folder. The kernel frees it when the process ends, however.
class OwnerLock {
 public:
  /// Never waits. Errors: kConflict, naming the owner; kUnavailable.
  [[nodiscard]] static Result<OwnerLock> take(const StateLayout& layout);
  ~OwnerLock();
  OwnerLock(OwnerLock&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  OwnerLock& operator=(OwnerLock&&) = delete;

 private:
  explicit OwnerLock(int fd) : fd_(fd) {}

  int fd_;
};

}  // namespace cordyna::sqlite
