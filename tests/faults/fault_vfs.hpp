/// A disk that fails on demand, for SQLite: a VFS around the usual one.
///
/// It is the default VFS while it lives, and only one may live. Everything goes through to real
/// files; what was written and not synchronized is known besides, so that a loss of power can take
/// any part of it.
///
/// Errors: none of its own. Threads: one.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

namespace cordyna::faults {

enum class Fault : std::uint8_t {
  kNone,
  kIoError,    ///< EIO: of a write, a cut, an open, or the shared memory
  kFull,       ///< ENOSPC: of a write
  kShort,      ///< half of a write is there, then the disk is full
  kSync,       ///< of a sync
  kForget,     ///< of a sync, which drops what it should have kept: `take_disk` shows it
  kFlip,       ///< a read gives one bit wrong
  kPowerLoss,  ///< before a write, a cut or a sync: from then on nothing reaches the disk
};

/// What of all that was not kept a loss of power leaves on the disk.
enum class Loss : std::uint8_t {
  kAny,      ///< any part, in any order, torn
  kLittle,   ///< nearly all of it is there
  kInOrder,  ///< all up to a moment, and nothing after it
};

class FaultVfs {
 public:
  FaultVfs();
  ~FaultVfs();
  FaultVfs(const FaultVfs&) = delete;
  FaultVfs& operator=(const FaultVfs&) = delete;

  /// The `at`-th operation from now on that the fault can hit has it, the first is 1; with
  /// `lasting` all after it, too, until `heal`.
  void arm(Fault fault, std::uint64_t at, bool lasting = false);
  void heal();
  /// Operations since `arm` that its fault could hit.
  [[nodiscard]] std::uint64_t count() const;
  /// Whether it did.
  [[nodiscard]] bool was_hit() const;
  /// From then on nothing that is done reaches the disk, whatever SQLite is told.
  [[nodiscard]] bool power_is_off() const;
  /// The power goes now.
  void cut_power();

  /// From now on so many of a hundred syncs, drawn, say that all is kept and keep nothing.
  void lie(std::uint64_t percent, std::uint64_t seed);

  /// When nobody has a file open any more: makes the files what the disk has after the power went.
  /// The seed draws what that is.
  void restore_power(std::uint64_t seed, Loss loss = Loss::kAny);
  /// As above after `kForget` in a process that has gone: gives the file what the disk has of it.
  static void take_disk(const std::string& path);

  struct State;

 private:
  std::unique_ptr<State> state_;
};

}  // namespace cordyna::faults
