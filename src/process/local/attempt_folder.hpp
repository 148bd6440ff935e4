/// The folder of an attempt: the gate that lets it begin at most once, and what is known from it.
///
/// A folder is built under another name, with the guardian's identity and its lock in it, and then
/// renamed. Renaming onto a folder that is there fails, whoever made it. So a folder that exists
/// has always begun; its guardian lives exactly as long as the lock is held.
/// Threads: any.
#pragma once

#include <string>
#include <vector>

#include "base/time.hpp"
#include "ports/launch.hpp"
#include "process/local/exit_record.hpp"
#include "process/local/fd.hpp"
#include "process/local/proc.hpp"

namespace cordyna::local {

/// A folder of a guardian's: one that is ready for its next attempt, then the attempt's.
struct AttemptFolder {
  Fd folder;
  Fd lock;  ///< the file `guardian`, locked and open for writing

  [[nodiscard]] bool valid() const { return folder.valid(); }
};

/// "runs/.next-PID": where a guardian keeps the folder for its next attempt.
[[nodiscard]] std::string next_folder_name(pid_t guardian);

/// Makes that folder with all that does not depend on the attempt: the file `guardian` with `text`,
/// locked; artifacts/ and work/, taken from the attempt `before` where they are left empty (making
/// and removing files is dear on some file systems: 2 instead of 6 for each attempt).
/// 0 or errno.
[[nodiscard]] int make_next_folder(int state, const std::string& text, AttemptFolder& next,
                                   const AttemptFolder& before);

/// Turns it into the folder runs/NAME. 0; EEXIST: the attempt began already; otherwise errno, and
/// `next` is as before.
[[nodiscard]] int begin_attempt(int state, const std::string& name,
                                const std::vector<LaunchFile>& files, const AttemptFolder& next);

/// Appends the record to the file `guardian`, then renames it to `exit`. The space for it was
/// taken at the start. 0 or errno.
[[nodiscard]] int end_attempt(const AttemptFolder& attempt, const ExitRecord& record);

/// Closes the gate of an attempt that never began: its folder then holds just this record.
/// 0; EEXIST: it began already; otherwise errno.
[[nodiscard]] int close_gate(const std::string& state_folder, const std::string& name,
                             const ExitRecord& record);

[[nodiscard]] std::string guardian_text(const ProcessId& id, const std::string& boot);

enum class FolderState : std::uint8_t {
  kAbsent,  ///< never begun
  kEnded,   ///< `record` says how
  kAlive,   ///< `process` is its guardian
  kHidden,  ///< its guardian lives, but cannot be seen from here (another PID namespace)
  kGone,    ///< it began, its guardian is dead, and there is no record: `detail`
};

struct FolderLook {
  FolderState state = FolderState::kAbsent;
  ExitRecord record;
  ProcessId guardian;      ///< where it could be read
  Fd process;              ///< a pidfd, for kAlive
  bool same_boot = false;  ///< for kGone: something of it may still run
  std::string detail;      ///< for people, for kGone
};

[[nodiscard]] FolderLook look_at_folder(const std::string& folder, const std::string& boot);

}  // namespace cordyna::local
