/// Compiled programs below the state folder: each made once, by one at a time, and whole or not
/// there.
///
///     programs/
///       KEY/       what was compiled; made as KEY.new, and renamed when it is on the disk
///       KEY.lock   shared by whoever runs it, held alone by whoever makes or removes it; its time
///                  is when the program was used last
///
/// A lock goes with the last process that has it open: also with a compiler of an attempt that was
/// killed, so that nobody makes a program beside one that still writes. Threads: one.
#pragma once

#include <functional>
#include <string>

#include "base/result.hpp"
#include "base/time.hpp"

namespace cordyna::script {

inline constexpr Millis kProgramUnusedMax = Millis{30} * 86'400'000;
inline constexpr Millis kProgramLeftOverMax = Millis{1} * 86'400'000;

/// A program that nobody removes as long as `lock` is open.
struct HeldProgram {
  std::string folder;
  int lock = -1;
};

/// Fills an empty folder. `lock` is held meanwhile.
using MakeProgram = std::function<Result<>(const std::string& folder, int lock)>;

class Programs {
 public:
  /// `folder` is made where it is not there. `waits` is called when another one is waited for.
  Programs(std::string folder, std::function<void()> waits);

  /// The program of `key`, which is made first where it is not there. Errors: what `make` gave;
  /// kNoSpace-like causes of the disk as kUnavailable. After making one, those that nobody used for
  /// long are removed.
  [[nodiscard]] Result<HeldProgram> take(const std::string& key, const MakeProgram& make);

  /// What nobody used for long, and what is left of makings that were cut short. `now`: wall time.
  void remove_unused(Millis now);

 private:
  [[nodiscard]] Result<int> lock(const std::string& path, int how) const;
  [[nodiscard]] Result<> make_whole(const std::string& target, const MakeProgram& make, int lock);

  std::string folder_;
  std::function<void()> waits_;
};

}  // namespace cordyna::script
