/// The folder around the database: its making, who owns it, and where it must not be.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "base/result.hpp"
#include "model/layout.hpp"
#include "model/rows.hpp"

namespace cordyna::sqlite {

/// Makes the folder (0700) if it is missing, and refuses network file systems, whose locks and
/// shared memory SQLite cannot rely on. Errors: kUnavailable.
[[nodiscard]] Result<> prepare_folder(const StateLayout& layout);

/// What to call the network file system that statfs' `type` stands for, or, for FUSE, its name in
/// the mount table. Nullopt: local. Of FUSE, only file systems known to be local pass.
[[nodiscard]] std::optional<std::string> network_file_system(std::uint64_t type,
                                                             std::string_view fuse_name);

/// Whether the database's file is to be trusted as it lies there.
enum class Trust : std::uint8_t {
  kWhole,      ///< as an owner left it that ended well, and the machine has been up since
  kCutShort,   ///< its owner was killed; all that it wrote is in the kernel's hands
  kUncertain,  ///< the power may have gone since, or it is another file
};

/// The exclusive right to a state folder. The kernel frees it when the process ends, however.
///
/// Its file says how the last owner ended: "<pid>", then, once the state was found good,
/// "<pid> <boot id> <inode> <numbers from>", and after a good end "ended <boot id> <inode>
/// <numbers from> <size> <time of the last change>", of the database's file.
class OwnerLock {
 public:
  /// Never waits. Errors: kConflict, naming the owner; kUnavailable.
  [[nodiscard]] static Result<OwnerLock> take(const StateLayout& layout);
  /// A good end is noted where `found_good` was called; else what stood there before stays.
  ~OwnerLock();
  OwnerLock(OwnerLock&& other) noexcept
      : fd_(std::exchange(other.fd_, -1)),
        database_(std::move(other.database_)),
        before_(std::move(other.before_)),
        numbers_from_(other.numbers_from_),
        good_(other.good_) {}
  OwnerLock& operator=(OwnerLock&&) = delete;

  [[nodiscard]] Trust trust() const;
  /// What the disk holds is unknown: the next owner trusts nothing that was said before.
  void distrust() { before_.clear(); }
  /// What the owner before gave to `found_good`; 0: nothing.
  [[nodiscard]] RunNo numbers_from() const;
  /// The database was found good, or made. `numbers_from`: new runs have larger numbers; up to it
  /// there may be folders of runs that the database knows nothing of.
  void found_good(RunNo numbers_from);

 private:
  OwnerLock(int fd, std::string database, std::string before)
      : fd_(fd), database_(std::move(database)), before_(std::move(before)) {}
  void write(const std::string& text) const;

  int fd_;
  std::string database_;
  std::string before_;
  RunNo numbers_from_ = 0;
  bool good_ = false;
};

/// The largest number that a folder of a run has in the state folder; 0: there is none.
[[nodiscard]] RunNo last_run_folder(const StateLayout& layout);

/// Puts on the disk what an owner that was killed wrote last, and forgets what the kernel knows of
/// the file: after a sync that failed, memory holds what the disk does not. Errors: kUnavailable.
[[nodiscard]] Result<> settle(const std::string& path);

}  // namespace cordyna::sqlite
